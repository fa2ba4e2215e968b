"""A table of things to go to: one row each, told of by its number."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

_DIGITS = 3


class _Number(QTableWidgetItem):
    """A number with as many digits as all others, and sorted as a number."""

    def __init__(self, value: float) -> None:
        super().__init__(f"{value:.{_DIGITS}f}")
        self._value = value

    def __lt__(self, other: object) -> bool:
        if isinstance(other, _Number):
            return self._value < other._value
        return NotImplemented


class PickTable(QTableWidget):
    """A table to read; going to a row tells its number.

    Parameters
    ----------
    name
        For those who cannot see it.
    columns
        Title and tooltip of every column.
    stretched
        Column that takes the room there is; None: all are as wide as their content.

    Attributes
    ----------
    picked
        Signal with the number of the row that the user went to; see `fill_row`.
    """

    picked = Signal(int)

    def __init__(
        self,
        name: str,
        columns: Sequence[tuple[str, str]],
        stretched: int | None = None,
    ) -> None:
        super().__init__(0, len(columns))
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels([title for title, _ in columns])
        for column, (_, tip) in enumerate(columns):
            item = self.horizontalHeaderItem(column)
            if item is not None:
                item.setToolTip(tip)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(110)
        self._size(stretched)
        self.currentCellChanged.connect(self._on_row)

    def fill_row(self, row: int, number: int, values: Sequence[str | float]) -> None:
        """Write a row; `number` is what `picked` tells of it."""
        for column, value in enumerate(values):
            item = QTableWidgetItem(value) if isinstance(value, str) else _Number(value)
            if not isinstance(value, str):
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                item.setTextAlignment(right)
            item.setData(Qt.ItemDataRole.UserRole, number)
            self.setItem(row, column, item)

    def number(self, row: int) -> int:
        """Return the number of a row; -1 where there is none."""
        item = self.item(row, 0)
        return -1 if item is None else int(item.data(Qt.ItemDataRole.UserRole))

    def _size(self, stretched: int | None) -> None:
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is None or columns is None:
            return
        rows.hide()
        rows.setDefaultSectionSize(24)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if stretched is not None:
            columns.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)

    def _on_row(self, row: int, _: int, before: int, __: int) -> None:
        if row >= 0 and row != before:
            self.picked.emit(self.number(row))

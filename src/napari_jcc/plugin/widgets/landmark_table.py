"""Every image with the state of its landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from napari_jcc._types import MaskArray
from napari_jcc.matching.landmarks import Landmarks

_COLUMNS = (
    ("image", "Click to see it"),
    ("placed", "Points that you placed, of all"),
    ("least sure", "Smallest confidence of the points found: look at the lowest first"),
)
_ALL_PLACED = 2.0
"""Sorts images without a found point behind all others."""


class LandmarkTable(QTableWidget):
    """One row per image; those that need a look come first.

    Attributes
    ----------
    picked
        Signal with the place of the image that the user went to.
    """

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, len(_COLUMNS))
        self.setAccessibleName("Images")
        self.setHorizontalHeaderLabels([title for title, _ in _COLUMNS])
        for column, (_, tip) in enumerate(_COLUMNS):
            item = self.horizontalHeaderItem(column)
            if item is not None:
                item.setToolTip(tip)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(110)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is not None and columns is not None:
            rows.hide()
            rows.setDefaultSectionSize(24)
            columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.currentCellChanged.connect(self._on_row)

    def show_shapes(self, shapes: Sequence[Landmarks]) -> None:
        """List images by the least confidence of their landmarks."""
        states = [_state(shape) for shape in shapes]
        order = sorted(range(len(shapes)), key=lambda place: (states[place][2], place))
        current = self._place(self.currentRow())
        self.blockSignals(True)
        self.setRowCount(len(shapes))
        for row, place in enumerate(order):
            placed, count, least = states[place]
            said = f"{least:.2f}" if least < _ALL_PLACED else ""
            texts = shapes[place].image, f"{placed} of {count}", said
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setData(Qt.ItemDataRole.UserRole, place)
                self.setItem(row, column, item)
        if current in order:
            self.setCurrentCell(order.index(current), 0)
        self.blockSignals(False)

    def _on_row(self, row: int, _: int, before: int, __: int) -> None:
        if row >= 0 and row != before:
            self.picked.emit(self._place(row))

    def _place(self, row: int) -> int:
        item = self.item(row, 0)
        return -1 if item is None else int(item.data(Qt.ItemDataRole.UserRole))


def _state(shape: Landmarks) -> tuple[int, int, float]:
    """Count placed points and all points, and find the least confidence of the others."""
    there: MaskArray = np.asarray(np.isfinite(shape.points).all(axis=1))
    if shape.confidence is None:
        return int(there.sum()), len(there), _ALL_PLACED
    found = np.isfinite(shape.confidence)
    least = float(shape.confidence[found].min())
    return int((there & ~found).sum()), len(there), least

"""The table of a sweep: one row per point, filled while points are finished."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from napari_jcc.plugin.sweep.sweepable import setting_titles
from napari_jcc.sweep import MEASURES, SweepPoint, SweepTable, format_measure, measure_point
from napari_jcc.sweep.grid import Index

SORT_ROLE = int(Qt.ItemDataRole.UserRole)
_REMARK = ""


class SweepModel(QAbstractTableModel):
    """Rows are all points of the grid, finished or not; a base outside of it is first.

    Columns are the settings that vary, then `MEASURES`, then a remark.
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: SweepTable | None = None
        self.places: list[Index | None] = []
        self._titles: list[str] = []
        self._tips: list[str] = []
        self._rows: list[list[Any]] = []

    def set_table(self, table: SweepTable) -> None:
        """Show another sweep."""
        self.beginResetModel()
        self.table = table
        outside = [None] if table.grid.base_index is None else []
        self.places = [*outside, *table.grid.indices()]
        known = setting_titles()
        paths = [axis.path for axis in table.grid.axes]
        self._titles = [*(_short(path, known) for path in paths), *MEASURES.values()]
        self._titles.append(_REMARK)
        self._tips = [known.get(path, path) for path in paths]
        self._rows = [self._read(place) for place in self.places]
        self.endResetModel()

    def refresh(self) -> None:
        """Show the points that were finished since."""
        self._rows = [self._read(place) for place in self.places]
        if self._rows:
            last = self.index(len(self._rows) - 1, len(self._titles) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def point(self, row: int) -> SweepPoint | None:
        """Return the point of a row; None until it is finished."""
        if self.table is None or not 0 <= row < len(self.places):
            return None
        return self.table.at(self.places[row])

    def is_empty(self, column: int) -> bool:
        """Whether no point has a number for a measure."""
        return self._is_measure(column) and all(row[column] is None for row in self._rows)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of points."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self._titles)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows, or by `SORT_ROLE` what it is sorted by."""
        if not index.isValid():
            return None
        value = self._rows[index.row()][index.column()]
        if role == SORT_ROLE:
            return -1e300 if value is None else value
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), index.column())
        is_number = isinstance(value, int | float) or self._is_measure(index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole and is_number:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._rows[index.row()][-1]  # seen there without scrolling to its end
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column; of a setting, its long one as tooltip."""
        if orientation == Qt.Orientation.Vertical or not self._titles:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            # A word a line: more columns are seen in a narrow window.
            return self._titles[section].replace(" ", "\n").replace(".", ".\n")
        is_tip = role == Qt.ItemDataRole.ToolTipRole and section < len(self._tips)
        return self._tips[section] if is_tip else None

    @property
    def _axis_count(self) -> int:
        return 0 if self.table is None else len(self.table.grid.axes)

    def _is_measure(self, column: int) -> bool:
        return 0 <= column - self._axis_count < len(MEASURES)

    def _read(self, place: Index | None) -> list[Any]:
        if self.table is None:
            return []
        grid, point = self.table.grid, self.table.at(place)
        parameters = list(grid.parameters(place).values())
        if point is None:
            return [*parameters, *[None] * len(MEASURES), "not tried yet"]
        base = place is None or place == grid.base_index
        remark = f"failed: {point.error}" if point.error else "present" if base else ""
        return [*parameters, *measure_point(point).values(), remark]

    def _text(self, row: int, column: int) -> str:
        value, point = self._rows[row][column], self.point(row)
        if self._is_measure(column):
            if value is None and (point is None or point.error):
                return "" if point is None else "failed"
            return format_measure(list(MEASURES)[column - self._axis_count], value)
        return f"{value:.4g}" if isinstance(value, float) else str(value)


def _short(path: str, known: Iterable[str]) -> str:
    """Name of a setting; with its section where others have such a name, as ``count``."""
    name = path.partition(".")[2]
    alike = sum(other.partition(".")[2] == name for other in known)
    return path if alike > 1 else name

"""All images of a result as a table or as tiles: searched, sorted, chosen."""

from __future__ import annotations

from collections.abc import Container

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QLineEdit,
    QListView,
    QPushButton,
    QStackedWidget,
    QTableView,
    QWidget,
)

from napari_jcc.plugin.review.tiles import SIDE
from napari_jcc.plugin.widgets.parts import in_column, in_row
from napari_jcc.plugin.widgets.review.model import (
    STATUSES,
    TRUTH_COLUMNS,
    ReviewFilter,
    ReviewModel,
)

_ICON = 30


class ReviewImages(QWidget):
    """Two views of one model, which share selection, order and search.

    Attributes
    ----------
    picked
        Signal with the place of the image that the user has gone to.
    """

    picked = Signal(int)

    def __init__(self, model: ReviewModel) -> None:
        super().__init__()
        self._model = model
        self._going = False
        self.filtered = ReviewFilter(model)
        self.search = QLineEdit()
        self.status = QComboBox()
        self.tiles_button = QPushButton("&Tiles")
        self.table, self.tiles = self._build_table(), self._build_tiles()
        self._views = QStackedWidget()
        self._build()
        self.show_scores(())

    @property
    def current(self) -> int | None:
        """Place of the current image."""
        return self._place(self.table.currentIndex())

    @property
    def selected(self) -> list[int]:
        """Places of the selected images."""
        selection = self.table.selectionModel()
        rows = [] if selection is None else selection.selectedRows()
        places = (self._place(index) for index in rows)
        return sorted(place for place in places if place is not None)

    @property
    def order(self) -> list[int]:
        """Places of the images that are left, in the order in which they are shown."""
        rows = range(self.filtered.rowCount())
        indices = (self.filtered.mapToSource(self.filtered.index(r, 0)) for r in rows)
        return [index.row() for index in indices]

    def go_to(self, place: int) -> None:
        """Make an image the current one, without a signal."""
        index = self.filtered.mapFromSource(self._model.index(place, 0))
        selection = self.table.selectionModel()
        if selection is None or place == self.current:
            return
        self._going = True
        try:
            if index.isValid():
                flag = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
                self.table.scrollTo(index)
                self.tiles.scrollTo(index)
            else:
                selection.clear()
        finally:
            self._going = False

    def step(self, by: int, status: str = "") -> int | None:
        """Return the next image, or the next of a status; None if there is none."""
        order, statuses = self.order, self._model.statuses
        if not order:
            return None
        current = self.current
        start = order.index(current) if current in order else (-1 if by > 0 else 0)
        for distance in range(1, len(order) + 1):
            place = order[(start + by * distance) % len(order)]
            if status in ("", statuses[place]):
                return place
        return None

    def show_scores(self, keys: Container[str]) -> None:
        """Show these of the columns that compare with the truth, and hide the others."""
        for column, key in TRUTH_COLUMNS.items():
            self.table.setColumnHidden(column, key not in keys)

    def fit(self) -> None:
        """Make the columns as wide as what they hold, names half as wide as all at most."""
        self.table.resizeColumnsToContents()
        most = self.table.width() // 2
        if self.table.columnWidth(0) > most:
            self.table.setColumnWidth(0, most)

    def _build(self) -> None:
        self.search.setPlaceholderText("Search by name")
        self.search.setAccessibleName("Search by name")
        self.search.setToolTip("Show only images whose name contains this")
        self.search.setClearButtonEnabled(True)
        self.status.setAccessibleName("Only images of this status")
        self.status.setToolTip("Show only images of this status")
        self.status.addItem("all", "")
        for status in STATUSES:
            self.status.addItem(status, status)
        self.tiles_button.setCheckable(True)
        self.tiles_button.setToolTip("Show the images as pictures with their outlines")
        self.search.textChanged.connect(self._filter)
        self.status.currentIndexChanged.connect(self._filter)
        self.tiles_button.toggled.connect(self._show_tiles)
        selection = self.table.selectionModel()
        if selection is not None:
            self.tiles.setSelectionModel(selection)
            selection.currentRowChanged.connect(self._on_current)
        for view in (self.table, self.tiles):
            self._views.addWidget(view)
        head = in_row((self.search, 1), self.status, self.tiles_button)
        in_column(head, (self._views, 1), within=self)

    def _build_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.filtered)
        table.setSortingEnabled(True)
        table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setIconSize(QSize(_ICON, _ICON))
        table.setMinimumHeight(120)
        # What tells long names apart is at their ends as often.
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setAccessibleName("Images")
        rows, columns = table.verticalHeader(), table.horizontalHeader()
        if rows is not None:
            rows.hide()
            rows.setDefaultSectionSize(_ICON + 4)
        if columns is not None:
            columns.setResizeContentsPrecision(50)
        return table

    def _build_tiles(self) -> QListView:
        tiles = QListView()
        tiles.setModel(self.filtered)
        tiles.setViewMode(QListView.ViewMode.IconMode)
        tiles.setMovement(QListView.Movement.Static)
        tiles.setResizeMode(QListView.ResizeMode.Adjust)
        tiles.setUniformItemSizes(True)
        tiles.setIconSize(QSize(SIDE, SIDE))
        tiles.setGridSize(QSize(SIDE + 14, SIDE + 30))
        tiles.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tiles.setAccessibleName("Images as tiles")
        return tiles

    def _filter(self) -> None:
        self.filtered.set_wanted(self.search.text(), self.status.currentData())

    def _show_tiles(self, shown: bool) -> None:
        self._views.setCurrentWidget(self.tiles if shown else self.table)

    def _place(self, index: QModelIndex) -> int | None:
        return self.filtered.mapToSource(index).row() if index.isValid() else None

    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        place = self._place(current)
        if place is not None and not self._going:
            self.picked.emit(place)

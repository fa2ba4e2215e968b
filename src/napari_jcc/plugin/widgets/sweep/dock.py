"""Try settings side by side, and look at the masks that each of them gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QSortFilterProxyModel, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QLabel,
    QTableView,
)

from napari_jcc.config import apply_overrides
from napari_jcc.errors import JccError
from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.source import Source
from napari_jcc.plugin.sweep.job import SweepJob
from napari_jcc.plugin.sweep.preview import SweepPreview
from napari_jcc.plugin.widgets.dock import Dock
from napari_jcc.plugin.widgets.parts import fill_dock, in_row, push_button, wrapped
from napari_jcc.plugin.widgets.sweep.axis import AxisEditor
from napari_jcc.plugin.widgets.sweep.export import SweepExport
from napari_jcc.plugin.widgets.sweep.model import SORT_ROLE, SweepModel
from napari_jcc.plugin.widgets.sweep.plot import SweepPlot
from napari_jcc.plugin.widgets.sweep.scrubber import Scrubber
from napari_jcc.plugin.widgets.truth_chooser import TruthChooser
from napari_jcc.sweep import MEASURES, Grid, SweepTable, describe_sameness
from napari_jcc.sweep.grid import Index
from napari_jcc.words import count_of

if TYPE_CHECKING:
    import napari

_FIRST = "problem.nu"
_WITHOUT_TRUTH, _WITH_TRUTH = "foreground_share", "jaccard"
_FINISHED_KEPT = (
    "Cancelled. The points that were finished are kept; run the sweep again to go on."
)
_NOT_TRIED = "This point has not been tried yet."
_STACK_FIRST = "These layers lie on each other. Co-segment them once to see the points."


class SweepDock(Dock):
    """Solves the chosen images under many settings."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer, "&Run sweep")
        self._job: SweepJob | None = None
        self._row = -1
        self.axes = [
            AxisEditor(lambda: self.session.config, _FIRST),
            AxisEditor(lambda: self.session.config),
        ]
        self.truth = TruthChooser(self.session)
        self.model = SweepModel()
        self._sorted = QSortFilterProxyModel(self)
        self.view = self._build_view()
        self.measure = self._build_measures()
        self.plot = SweepPlot()
        self.scrubber = Scrubber()
        self.said = wrapped()
        self.preview = SweepPreview(self.session)
        self.use_button = push_button(
            "&Use this", "Run with the settings of this point; nothing is redone", self.use
        )
        self.end_button = push_button(
            "&End preview",
            "Take the preview away and show the result again",
            self._end_preview,
        )
        self.take_along = SweepExport(self.session)
        self._build()
        self._connect()
        self.refresh()

    @property
    def table(self) -> SweepTable | None:
        """The finished points; None before the first sweep."""
        return self.model.table

    def run(self) -> None:
        """Try the settings in a thread; returns at once."""
        if self.running:
            return
        try:
            grid, cache = self.grid(), self.session.cache()
        except JccError as error:
            self.panel.set_status(str(error))
            return
        self.preview.clear()
        job = SweepJob(self.session.chosen, grid, cache, self.session.truth, self._job)
        job.begun.connect(self._on_begun)
        job.advanced.connect(self._on_advanced)
        job.stages.signals.started.connect(self._on_stage)
        self._job = job
        self.start("Sweep", job.run, lambda _: self._on_done(), if_cancelled=_FINISHED_KEPT)

    def grid(self) -> Grid:
        """Return what is to be tried.

        Raises
        ------
        ConfigError
            If a value is not allowed.
        """
        texts = [axis.text for axis in self.axes]
        return Grid.build(self.session.config, filter(None, texts))

    def look_at(self, place: Index | None) -> None:
        """Show the masks of a point in the canvas, and mark it everywhere."""
        if place not in self.model.places:
            return
        row = self.model.places.index(place)
        point = self.model.point(row)
        self._row = row
        self._mark(row, place)
        if point is None or not point.has_answer:
            self.preview.show_nothing()
            self.said.setText(_NOT_TRIED if point is None else f"⚠ {point.error}")
        elif not self.preview.show(point):
            self.said.setText(_STACK_FIRST)
        else:
            self.said.setText("The canvas shows the masks of this point.")
        self._refresh_buttons()

    def use(self) -> None:
        """Take over the settings of the point looked at and run with them."""
        point = self.model.point(self._row)
        if point is None or self.table is None:
            return
        cosegment = open_dock(self._viewer, "Co-segment")
        if cosegment.running:
            self.said.setText("A run is in progress. Wait for it, or cancel it.")
            return
        self.preview.clear()
        self.session.set_settings(
            apply_overrides(self.session.config, dict(point.parameters))
        )
        cosegment.run()

    def refresh(self) -> None:
        """Show what can be done now."""
        error = "" if self.session.chosen else "Choose images in the Co-segment dock first"
        count = 0
        try:
            count = len(self.grid())
        except JccError as wrong:
            error = str(wrong)
        points = f" ({count} point{'s' * (count > 1)})" if count else ""
        self.panel.run_button.setText(f"&Run sweep{points}")
        self.show_need(error, "Solve the images at every point")
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        point = self.model.point(self._row)
        self.use_button.setEnabled(point is not None and point.has_answer)
        self.end_button.setEnabled(self.preview.layer is not None)

    def leave(self) -> None:
        """Take the preview away with the dock."""
        self.preview.clear()
        self.truth.disconnect_viewer()

    def _build(self) -> None:
        layout = fill_dock(
            self,
            QLabel("Setting to vary, and the values to try"),
            *self.axes,
            in_row(QLabel("Truth"), (self.truth, 1)),
            self.panel,
            (self.view, 1),
            in_row(QLabel("Plot"), (self.measure, 1)),
            self.plot,
            self.scrubber,
            self.said,
            in_row(self.use_button, self.end_button),
            self.take_along,
        )
        layout.setContentsMargins(6, 6, 4, 8)
        layout.setSpacing(4)

    def _build_view(self) -> QTableView:
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        view = QTableView()
        view.setModel(self._sorted)
        view.setSortingEnabled(True)
        view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setMinimumHeight(110)
        view.setAccessibleName("Points of the sweep")
        rows = view.verticalHeader()
        if rows is not None:
            rows.hide()
            rows.setDefaultSectionSize(24)
        return view

    def _build_measures(self) -> QComboBox:
        measure = QComboBox()
        measure.setAccessibleName("Measure in the plot")
        for name, title in MEASURES.items():
            measure.addItem(title, name)
        measure.setCurrentIndex(measure.findData(_WITHOUT_TRUTH))
        return measure

    def _connect(self) -> None:
        for axis in self.axes:
            axis.changed.connect(self.refresh)
        self.panel.run_wanted.connect(self.run)
        selection = self.view.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._on_row)
        self.measure.currentIndexChanged.connect(self._draw_plot)
        self.plot.picked.connect(self.look_at)
        self.scrubber.moved.connect(self.look_at)
        self.take_along.said.connect(self.said.setText)
        self.session.chosen_changed.connect(self.refresh)
        self.session.settings_changed.connect(self.refresh)
        self.session.edits_changed.connect(self.preview.refresh)
        self.session.shown_changed.connect(self._on_shown)

    def _on_begun(self, source: Source, table: SweepTable) -> None:
        self._row = -1
        self.preview.set_source(source)
        self.model.set_table(table)
        self.take_along.set_table(table)
        self.scrubber.set_grid(table.grid)
        measure = _WITHOUT_TRUTH if self.session.truth is None else _WITH_TRUTH
        self.measure.setCurrentIndex(self.measure.findData(measure))
        self.plot.set_current(None)
        self.scrubber.set_place(table.grid.base_index)
        self._on_advanced()

    def _on_advanced(self) -> None:
        self.model.refresh()
        for column in range(self.model.columnCount()):
            self.view.setColumnHidden(column, self.model.is_empty(column))
        self.view.resizeColumnsToContents()
        self._draw_plot()
        self.refresh()

    def _on_done(self) -> None:
        self._on_advanced()
        if self.table is not None:
            told = _describe_failures(self.table), describe_sameness(self.table)
            self.panel.set_status("\n".join(filter(None, told)))

    def _on_stage(self, stage: str, _: int) -> None:
        if self.running:
            self.panel.set_status(f"{stage}…")

    def _on_row(self, current: QModelIndex, _: QModelIndex) -> None:
        row = self._sorted.mapToSource(current).row()
        if row >= 0 and row != self._row:
            self.look_at(self.model.places[row])

    def _mark(self, row: int, place: Index | None) -> None:
        """Show in table, plot and sliders which point is looked at."""
        index = self._sorted.mapFromSource(self.model.index(row, 0))
        selection = self.view.selectionModel()
        if selection is not None:
            flag = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
        self.view.scrollTo(index)
        self.plot.set_current(place)
        self.scrubber.set_place(place)

    def _draw_plot(self) -> None:
        if self.table is not None:
            self.plot.show_table(self.table, self.measure.currentData())

    def _on_shown(self) -> None:
        # Also told of every answer to a stroke, which all else would only delay.
        if self.preview.layer is not None:
            self._end_preview()

    def _end_preview(self) -> None:
        self.preview.clear()
        self.said.setText("")
        self.refresh()


def _describe_failures(table: SweepTable) -> str:
    """Say how many points failed, and where the reason is."""
    failed = sum(bool(point.error) for point in table.points)
    return f"{count_of(failed, 'point')} failed: click it to see why." if failed else ""

"""One measure of a sweep, drawn in the colours of the window."""

from __future__ import annotations

from typing import Any

from matplotlib.artist import Artist
from matplotlib.backend_bases import DrawEvent, MouseEvent
from matplotlib.figure import Figure
from qtpy.QtCore import Signal

from napari_jcc.plugin.widgets.plot import MARK, TICKS, Plot
from napari_jcc.sweep import SweepTable
from napari_jcc.sweep.figure import draw_curves, draw_map, frame_cell, measure_points
from napari_jcc.sweep.grid import Index

_LEAST_HEIGHT = 120  # pixels, so that the numbers in a map can be read


class SweepPlot(Plot):
    """A curve over the values of one setting, or a map over those of two.

    Attributes
    ----------
    picked
        Signal with the place in the grid of the point that was clicked.
    """

    picked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._table: SweepTable | None = None
        self._measure = ""
        self._current: Index | None = None
        self._mark: Artist | None = None
        self._unmarked: Any = None
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.setToolTip("Click a point to see its masks")
        self.mpl_connect("button_press_event", self._on_click)
        self.mpl_connect("draw_event", self._on_drawn)

    def show_table(self, table: SweepTable, measure: str) -> None:
        """Draw a measure of the points that are finished."""
        self._table, self._measure = table, measure
        self.refresh()

    def set_current(self, place: Index | None) -> None:
        """Mark the point that is looked at."""
        self._current = place
        if self._unmarked is not None:
            self.restore_region(self._unmarked)
            self._draw_mark()
            self.update()  # with all else; to blit is to draw at once

    def draw_figure(self, figure: Figure) -> None:
        """Draw the measure, or say that there is nothing yet."""
        self._mark = None
        if self._table is None:
            figure.text(0.5, 0.5, "the points will be drawn here", ha="center", va="center")
            return
        if all(v is None for v in measure_points(self._table, self._measure).values()):
            figure.text(0.5, 0.5, "no point is finished yet", ha="center", va="center")
            return
        axes = figure.subplots()
        if len(self._table.grid.axes) == 1:
            draw_curves(axes, self._table, (self._measure,))
            axes.locator_params(axis="y", nbins=TICKS)
        else:
            draw_map(axes, self._table, self._measure)

    def _on_drawn(self, event: DrawEvent) -> None:
        # The mark moves with the slider, too often to draw all the rest every time.
        self._unmarked = self.copy_from_bbox(self.figure.bbox)
        self._draw_mark()

    def _draw_mark(self) -> None:
        if self._mark is not None:
            self._mark.remove()
            self._mark = None
        if self._table is None or self._current is None or not self.figure.axes:
            return
        axes = self.figure.axes[0]
        value = measure_points(self._table, self._measure).get(self._current)
        if len(self._current) == 2:
            self._mark = frame_cell(axes, self._current, MARK)
        elif value is not None:
            [self._mark] = axes.plot(
                self._current, [value], "o", markersize=10, color=MARK, fillstyle="none"
            )
        if self._mark is not None:
            self._mark.set_animated(True)
            axes.draw_artist(self._mark)

    def _on_click(self, event: MouseEvent) -> None:
        if self._table is None or event.xdata is None or event.ydata is None:
            return
        at = (event.xdata, event.ydata)[: len(self._table.grid.shape)]
        self.picked.emit(
            tuple(
                min(max(round(place), 0), count - 1)
                for place, count in zip(at, self._table.grid.shape, strict=True)
            )
        )

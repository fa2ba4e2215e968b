"""One slider per setting of a sweep."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from napari_jcc.plugin.sweep.sweepable import setting_titles
from napari_jcc.sweep import Grid
from napari_jcc.sweep.grid import Index

_OUTSIDE = "–"


class Scrubber(QWidget):
    """Slides through the points of a grid.

    Attributes
    ----------
    moved
        Signal with the place of the point, after a move by the user.
    """

    moved = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.sliders: list[QSlider] = []
        self._values: list[QLabel] = []
        self._grid: Grid | None = None
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setColumnStretch(1, 1)

    def set_grid(self, grid: Grid) -> None:
        """Offer the points of another grid."""
        self._empty()
        self._grid = grid
        titles = setting_titles()
        for row, axis in enumerate(grid.axes):
            slider, value = QSlider(Qt.Orientation.Horizontal), QLabel()
            title = titles.get(axis.path, axis.path)
            slider.setRange(0, len(axis.values) - 1)
            slider.setPageStep(1)
            slider.setAccessibleName(title)
            slider.setToolTip(f"{title}: slide to see the masks of every point")
            slider.valueChanged.connect(self._on_moved)
            slider.sliderPressed.connect(self._on_moved)
            value.setMinimumWidth(56)
            self._layout.addWidget(slider, row, 0, 1, 2)
            self._layout.addWidget(value, row, 2)
            self.sliders.append(slider)
            self._values.append(value)
        self._write()

    @property
    def place(self) -> Index:
        """Place of the point that the sliders are at."""
        return tuple(slider.value() for slider in self.sliders)

    def set_place(self, place: Index | None) -> None:
        """Move the sliders without a signal; None: to no point of the grid."""
        if place is None:
            for label in self._values:
                label.setText(_OUTSIDE)
            return
        for slider, value in zip(self.sliders, place, strict=True):
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
        self._write()

    def _on_moved(self) -> None:
        self._write()
        self.moved.emit(self.place)

    def _write(self) -> None:
        if self._grid is None:
            return
        for axis, label, at in zip(self._grid.axes, self._values, self.place, strict=True):
            label.setText(_short(axis.values[at]))

    def _empty(self) -> None:
        for widget in (*self.sliders, *self._values):
            self._layout.removeWidget(widget)
            widget.deleteLater()
        self.sliders, self._values = [], []


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""Which Points layer holds the landmarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari.layers import Points
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from napari_jcc.plugin.widgets.lists import let_shrink

if TYPE_CHECKING:
    from napari.components import ViewerModel

_NONE = "choose a Points layer"


class PointsChooser(QWidget):
    """A list of the Points layers that fit the images, beside a button for a new one.

    Parameters
    ----------
    viewer
        Viewer whose layers are offered.

    Attributes
    ----------
    changed
        Signal when the list was made anew or another layer chosen.
    new_wanted
        Signal when the button is pressed.
    """

    changed = Signal()
    new_wanted = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._ndim = 0
        self._are_ours: Callable[[Points], bool] = lambda _: False
        self._offered: list[Points] = []
        self.combo = QComboBox()
        self.combo.setAccessibleName("Points layer")
        self.combo.setToolTip("Layer that holds the landmarks")
        let_shrink(self.combo, 10)
        self.new_button = QPushButton("&New")
        self.new_button.setToolTip("Add an empty layer and place landmarks in it")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo, 1)
        layout.addWidget(self.new_button)
        self.new_button.clicked.connect(self.new_wanted)
        self.combo.currentIndexChanged.connect(lambda _: self.changed.emit())
        for emitter in self._emitters():
            emitter.connect(self._on_layers)

    @property
    def layer(self) -> Points | None:
        """The layer chosen."""
        index = self.combo.currentIndex() - 1
        return self._offered[index] if 0 <= index < len(self._offered) else None

    def choose(self, layer: Points) -> None:
        """Choose a layer, if it fits."""
        if layer in self._offered:
            self.combo.setCurrentIndex(1 + self._offered.index(layer))

    def offer(self, ndim: int, are_ours: Callable[[Points], bool]) -> None:
        """Offer the layers of `ndim` axes, and choose one of those that `are_ours`."""
        self._ndim, self._are_ours = ndim, are_ours
        now = self.layer
        self._offer(now if now is not None and are_ours(now) else None)

    def _offer(self, wanted: Points | None) -> None:
        self._offered = [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Points) and layer.ndim == self._ndim
        ]
        self.combo.blockSignals(True)
        self.combo.clear()
        self.combo.addItems([_NONE, *(layer.name for layer in self._offered)])
        # Layers that may be about something else wait until they are chosen.
        ours = [layer for layer in self._offered if self._are_ours(layer)]
        if wanted in self._offered:
            self.choose(wanted)
        elif ours:
            self.choose(ours[0])
        self.combo.setEnabled(bool(self._offered))
        self.combo.blockSignals(False)
        self.changed.emit()

    def disconnect_viewer(self) -> None:
        """Stop listening to the viewer."""
        for emitter in self._emitters():
            emitter.disconnect(self._on_layers)

    def _on_layers(self, event: Any = None) -> None:
        self._offer(self.layer)

    def _emitters(self) -> tuple[Any, ...]:
        events = self._viewer.layers.events
        return events.inserted, events.removed, events.renamed

"""Which Points layer holds the landmarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.layers import Points
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_jcc.plugin.widgets.lists import LayerList
from napari_jcc.plugin.widgets.parts import in_row, push_button

if TYPE_CHECKING:
    from napari.components import ViewerModel

_NONE = "choose a Points layer"


class PointsChooser(QWidget):
    """A list of the Points layers that fit the images, beside a button for a new one.

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
        tooltip = "Layer that holds the landmarks"
        self.combo = LayerList(viewer, "Points layer", tooltip, self._on_layers)
        self.new_button = push_button(
            "&New", "Add an empty layer and place landmarks in it", self.new_wanted
        )
        in_row((self.combo, 1), self.new_button, within=self)
        self.combo.currentIndexChanged.connect(lambda _: self.changed.emit())

    @property
    def layer(self) -> Points | None:
        """The layer chosen."""
        return self.combo.chosen

    def choose(self, layer: Points) -> None:
        """Choose a layer, if it fits."""
        self.combo.choose(layer)

    def offer(self, ndim: int, are_ours: Callable[[Points], bool]) -> None:
        """Offer the layers of `ndim` axes, and choose one of those that `are_ours`."""
        self._ndim, self._are_ours = ndim, are_ours
        now = self.layer
        self._offer(now if now is not None and are_ours(now) else None)

    def _offer(self, wanted: Points | None) -> None:
        points = [layer for layer in self._viewer.layers if isinstance(layer, Points)]
        fits = [layer for layer in points if layer.ndim == self._ndim]
        # Layers that may be about something else wait until they are chosen.
        ours = [layer for layer in fits if self._are_ours(layer)]
        chosen = wanted if wanted in fits else next(iter(ours), None)
        self.combo.offer([(_NONE, None), *((layer.name, layer) for layer in fits)], chosen)
        self.combo.setEnabled(bool(fits))
        self.changed.emit()

    def disconnect_viewer(self) -> None:
        """Stop listening to the viewer."""
        self.combo.disconnect_viewer()

    def _on_layers(self) -> None:
        self._offer(self.layer)

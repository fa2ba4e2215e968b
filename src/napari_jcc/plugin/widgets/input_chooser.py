"""Which images to work on: a layer, the selected layers, or a folder to open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_jcc.plugin.axes import count_images
from napari_jcc.plugin.placement import PLACEMENT_KEY
from napari_jcc.plugin.widgets.axes_chooser import AxesChooser
from napari_jcc.plugin.widgets.lists import LayerList
from napari_jcc.plugin.widgets.parts import in_column, in_row, push_button
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_TOOLTIP = (
    "Images to find the common object in: the slices of one layer, or several selected 2D "
    "layers."
)


class InputChooser(QWidget):
    """A list of the viewer's Image layers, a button to open a folder, and what axes count.

    Parameters
    ----------
    viewer
        Viewer whose layers are offered.

    Attributes
    ----------
    changed
        Signal when other images are chosen.
    folder_wanted
        Signal when the button is pressed.
    """

    changed = Signal()
    folder_wanted = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._several: tuple[Layer, ...] = ()
        self._combo = LayerList(viewer, "Images", _TOOLTIP, self.refresh)
        self._combo.currentIndexChanged.connect(self._on_choice)
        self.open_button = push_button(
            "&Open folder…", "Open a folder of images as one stack", self.folder_wanted
        )
        self.axes = AxesChooser()
        self.axes.changed.connect(self.refresh)
        head = in_row((self._combo, 1), self.open_button)
        in_column(head, self.axes, within=self, spacing=4)
        viewer.layers.selection.events.changed.connect(self.refresh)
        self.refresh()

    def disconnect_viewer(self) -> None:
        """Stop listening to the viewer."""
        self._combo.disconnect_viewer()
        self._viewer.layers.selection.events.changed.disconnect(self.refresh)

    def layers(self) -> tuple[Image, ...]:
        """Layers chosen; empty when there are none."""
        return self._combo.chosen or ()

    def choose(self, layer: Layer) -> None:
        """Choose one layer."""
        self._combo.choose((layer,))

    def refresh(self) -> None:
        """Offer the layers that the viewer has now and keep the choice if it can be."""
        before = self.layers()
        images = [layer for layer in self._viewer.layers if _is_input(layer)]
        offered: list[tuple[str, tuple[Layer, ...]]] = [
            (_title(layer), (layer,)) for layer in reversed(images)
        ]
        several = tuple(
            layer
            for layer in images
            if layer in self._viewer.layers.selection and layer.ndim == 2
        )
        several = several if len(several) > 1 else ()
        if several:
            offered.append((f"{len(several)} selected layers", several))
        newly_selected = bool(several) and several != self._several
        self._several = several
        chosen = several if newly_selected else before
        self._combo.offer(offered or [("no images yet", ())], chosen)
        self._combo.setEnabled(bool(offered))
        if self.layers() != before:
            self._on_choice()
        self.axes.refresh()

    def _on_choice(self, index: int = 0) -> None:
        self.axes.show_layers(self.layers())
        self.changed.emit()


def _is_input(layer: Layer) -> bool:
    # The saliency layer of a run is an Image too; only results keep a placement.
    return isinstance(layer, Image) and PLACEMENT_KEY not in layer.metadata


def _title(layer: Image) -> str:
    count = count_images(layer)
    return f"{layer.name}  ({count_of(count, 'image')})"

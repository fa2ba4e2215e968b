"""Which images to work on: a layer, the selected layers, or a folder to open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_jcc.plugin.axes import axis_roles, count_images, list_axes, set_axis_role
from napari_jcc.plugin.placement import INPUTS_KEY, PLACEMENT_KEY
from napari_jcc.plugin.widgets.lists import LayerList
from napari_jcc.plugin.widgets.parts import in_column, in_row, push_button
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_ROLES = {
    "images": "one image each",
    "channels": "channels of an image",
}
_AXES_TOOLTIP = (
    "Time points, depths and positions are one image each. Channels belong to one image: "
    "Images, Channels below says which of them are used."
)


class AxesChooser(QWidget):
    """One line for every axis before row and column; hidden where there is nothing to say.

    Attributes
    ----------
    changed
        Signal when the user takes an axis for something else.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layer: Layer | None = None
        self.combos: list[QComboBox] = []
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setSpacing(3)
        self.setVisible(False)

    def show_layers(self, layers: tuple[Layer, ...]) -> None:
        """Show the axes of the chosen layer."""
        self._layer = layers[0] if len(layers) == 1 else None
        while self._form.rowCount():
            self._form.removeRow(0)
        self.combos = []
        axes = () if self._layer is None else list_axes(self._layer)
        for axis, (name, length) in enumerate(axes):
            combo = self._build_combo(axis)
            self._form.addRow(f"Axis {_plain(name, axis)} ({length})", combo)
            self.combos.append(combo)
        self.refresh()
        self.setVisible(bool(axes))

    def _build_combo(self, axis: int) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(f"Meaning of axis {axis}")
        combo.setToolTip(_AXES_TOOLTIP)
        for role, title in _ROLES.items():
            combo.addItem(title, role)
        ignore_wheel(combo)
        combo.activated.connect(partial(self._on_chosen, axis))
        return combo

    def _on_chosen(self, axis: int, index: int) -> None:
        if self._layer is not None:
            set_axis_role(self._layer, axis, self.combos[axis].itemData(index))
            self.refresh()
            self.changed.emit()

    def refresh(self) -> None:
        """Show what the axes are taken for now."""
        roles = () if self._layer is None else axis_roles(self._layer)
        for combo, role in zip(self.combos, roles, strict=True):
            combo.setCurrentIndex(combo.findData(role))


def _plain(name: str, axis: int) -> str:
    """Name of an axis; napari calls those without one ``-3`` or ``axis -3``."""
    is_number = name.removeprefix("axis ").removeprefix("-").isdecimal()
    return f"{axis}" if not name or is_number else name


_TOOLTIP = (
    "Images to find the common object in: the slices of one layer, or several selected 2D "
    "layers."
)


class InputChooser(QWidget):
    """A list of the viewer's Image layers, a button to open a folder, and what axes count.

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
        viewer.layers.events.inserted.connect(self._on_inserted)
        self.refresh()

    def disconnect_viewer(self) -> None:
        """Stop listening to the viewer."""
        self._combo.disconnect_viewer()
        self._viewer.layers.selection.events.changed.disconnect(self.refresh)
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)

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
        if newly_selected:
            chosen = several
        elif any(value == before for _, value in offered):
            chosen = before
        else:
            chosen = self._in_view(images)
        self._combo.offer(offered or [("no images yet", ())], chosen)
        self._combo.setEnabled(bool(offered))
        if self.layers() != before:
            self._on_choice()
        self.axes.refresh()

    def _in_view(self, images: list[Image]) -> tuple[Image, ...]:
        """Return the selected layer, or the uppermost one that is shown."""
        active = self._viewer.layers.selection.active
        if active in images:
            return (active,)
        return tuple([layer for layer in images if layer.visible][-1:])

    def _on_inserted(self, event: Any) -> None:
        """Turn to a set that was opened, as by dropping a folder onto the window."""
        if _is_input(event.value) and INPUTS_KEY in event.value.metadata:
            self.choose(event.value)

    def _on_choice(self, index: int = 0) -> None:
        self.axes.show_layers(self.layers())
        self.changed.emit()


def _is_input(layer: Layer) -> bool:
    # The saliency layer of a run is an Image too; only results keep a placement.
    return isinstance(layer, Image) and PLACEMENT_KEY not in layer.metadata


def _title(layer: Image) -> str:
    count = count_images(layer)
    return f"{layer.name}  ({count_of(count, 'image')})"

"""What the axes of the chosen layer count, to be changed where it was guessed wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_jcc.plugin.axes import axis_roles, list_axes, set_axis_role
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel

if TYPE_CHECKING:
    from napari.layers import Layer

_CHOICES = {
    "images": "one image each",
    "channels": "channels of an image",
}
_TOOLTIP = (
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
        combo.setToolTip(_TOOLTIP)
        for role, title in _CHOICES.items():
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
    """Name of an axis; napari calls those without one by negative numbers."""
    return f"{axis}" if not name or name.startswith("axis -") else name

"""Drop-down lists that fit a narrow dock, and those of what a viewer's layers offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QComboBox

if TYPE_CHECKING:
    from napari.components import ViewerModel


def let_shrink(combo: QComboBox, letters: int) -> None:
    """Let a list be as narrow as `letters`, however long its entries are."""
    combo.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    combo.setMinimumContentsLength(letters)


class LayerList(QComboBox):
    """Layers, or what is made of them, by their titles.

    `refresh` makes the list anew by `offer`, when the viewer has other layers or names.
    """

    def __init__(
        self, viewer: ViewerModel, name: str, tooltip: str, refresh: Callable[[], None]
    ) -> None:
        super().__init__()
        self._offered: list[Any] = []
        self._refresh = refresh
        self.setAccessibleName(name)
        self.setToolTip(tooltip)
        let_shrink(self, 10)
        events = viewer.layers.events
        self._emitters = events.inserted, events.removed, events.renamed
        for emitter in self._emitters:
            emitter.connect(refresh)

    def disconnect_viewer(self) -> None:
        """Stop listening to the viewer."""
        for emitter in self._emitters:
            emitter.disconnect(self._refresh)

    @property
    def chosen(self) -> Any:
        """What is chosen; None where nothing is offered."""
        index = self.currentIndex()
        return self._offered[index] if 0 <= index < len(self._offered) else None

    def choose(self, value: Any) -> None:
        """Choose one of what is offered; anything else changes nothing."""
        if value in self._offered:
            self.setCurrentIndex(self._offered.index(value))

    def offer(self, offered: Sequence[tuple[str, Any]], chosen: Any) -> None:
        """Offer values by their titles and choose one, without a signal."""
        self.blockSignals(True)
        self.clear()
        self.addItems([title for title, _ in offered])
        self._offered = [value for _, value in offered]
        self.choose(chosen)
        self.blockSignals(False)

"""A layer of the plugin's own over the images, gone when it has served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from napari.layers import Labels, Layer

from napari_jcc._types import ImageArray
from napari_jcc.plugin.adding import add_unselected
from napari_jcc.plugin.lazy_stack import LazyLabels
from napari_jcc.plugin.placement import PLACEMENT_KEY, Placement


class Overlay:
    """A Labels layer that only shows: previews, and hits and misses.

    Other layers may be hidden while it is there; nothing else of them is touched.

    Parameters
    ----------
    viewer
        Where the layer is shown. Use from the GUI thread only.
    name
        Of the layer.
    colours
        By label, and for None the colour of all others.
    opacity
        Of the layer, 0 to 1.
    gone
        Called when the user has removed the layer.
    """

    def __init__(
        self,
        viewer: Any,
        name: str,
        colours: Mapping[int | None, str],
        opacity: float = 0.5,
        gone: Callable[[], None] | None = None,
    ) -> None:
        self._viewer = viewer
        self._name = name
        self._gone = gone
        self._style = {"colormap": dict(colours), "opacity": opacity}
        self._layer: Labels | None = None
        self._placement: Placement | None = None
        self._hidden: list[Layer] = []

    @property
    def layer(self) -> Labels | None:
        """The layer while it is in the viewer."""
        present = self._layer is not None and self._layer in self._viewer.layers
        return self._layer if present else None

    def show(
        self,
        placement: Placement,
        draw: Callable[[int], ImageArray | None],
        hide: Iterable[Layer | None] = (),
    ) -> None:
        """Put the layer into the viewer, or draw the slice in view anew.

        Parameters
        ----------
        placement
            Where the images lie.
        draw
            As for `LazyLabels`; called again whenever a slice comes into view.
        hide
            Layers that are not to be seen until `clear`.
        """
        if self.layer is not None and self._placement is placement:
            self.refresh()
            return
        self.clear()
        self._placement = placement
        self._layer = Labels(
            LazyLabels(placement, draw),
            name=self._name,
            metadata={PLACEMENT_KEY: placement},
            **self._style,
            **placement.transform,
        )
        layers = self._viewer.layers
        add_unselected(layers, self._layer)
        self._layer.editable = False
        self._hidden = [layer for layer in hide if layer is not None and layer.visible]
        for layer in self._hidden:
            layer.visible = False
        layers.events.removed.connect(self._on_removed)

    def refresh(self) -> None:
        """Draw the slice in view anew."""
        layer = self.layer
        if layer is not None:
            layer.refresh(thumbnail=False, highlight=False, extent=False)

    def clear(self) -> None:
        """Take the layer away and show those again that were hidden for it."""
        layer = self.layer
        self._forget()
        if layer is not None:
            self._viewer.layers.remove(layer)

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer:
            self._forget()
            if self._gone is not None:
                self._gone()

    def _forget(self) -> None:
        if self._layer is None:
            return
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._layer = self._placement = None
        for layer in self._hidden:
            layer.visible = True
        self._hidden = []

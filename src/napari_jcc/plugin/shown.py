"""Results in a viewer: shown again in place, unless the user has edited them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Layer, Shapes

from napari_jcc.collection import ImageCollection
from napari_jcc.plugin.layers import from_layers, masks_equal
from napari_jcc.plugin.placement import Placement
from napari_jcc.results import JccResult

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(frozen=True)
class Answer:
    """A result, the images it is about, and where they lie in the viewer."""

    result: JccResult
    collection: ImageCollection
    placement: Placement


class ShownResult:
    """The layers of the latest result for one choice of images.

    Each layer is judged on its own: the next result is written into it when it is still
    in the viewer, unedited and of the same shape; otherwise a new layer is added and the
    old one is left alone.

    Parameters
    ----------
    viewer
        Where the layers are shown. Use from the GUI thread only, except
        `masks_were_edited`.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: dict[str, Layer] = {}
        self._painted: set[Layer] = set()
        self._rectangles: list[np.ndarray] = []
        self.answer: Answer | None = None

    def masks_were_edited(self) -> bool:
        """Compare the mask layer with what was written into it; takes a while."""
        labels = self._layers.get("Labels")
        if self.answer is None or not isinstance(labels, Labels):
            return False
        return not masks_equal(labels.data, self.answer.result, self.answer.placement)

    def show(
        self, answer: Answer, layers: Sequence[Layer], masks_edited: bool
    ) -> Iterator[None]:
        """Show a result, one layer per step, so that the window breathes in between.

        Parameters
        ----------
        answer
            What is shown.
        layers
            Its layers, made from `to_layers` and in no viewer yet.
        masks_edited
            What `masks_were_edited` said last.
        """
        former, self.answer = self.answer, answer
        fits = former is not None and former.placement.shape == answer.placement.shape
        for new in layers:
            kind = type(new).__name__
            old = self._layers.get(kind)
            if old is None or not fits or not self._may_replace(old, masks_edited):
                self._layers[kind] = self._add(new)
            else:
                _write(old, new)
            if isinstance(new, Shapes):
                self._rectangles = [np.array(corners) for corners in new.data]
            yield

    def as_edited(self) -> JccResult | None:
        """Return the latest result with masks and boxes as they now are in the viewer."""
        if self.answer is None:
            return None
        result, placement = self.answer.result, self.answer.placement
        labels, shapes = self._layers["Labels"], self._layers["Shapes"]
        if labels not in self._viewer.layers or shapes not in self._viewer.layers:
            return result
        return from_layers(result, placement, labels.data, list(shapes.data))

    def _may_replace(self, layer: Layer, masks_edited: bool) -> bool:
        if layer not in self._viewer.layers:
            return False
        if isinstance(layer, Labels):
            # A stroke that was undone leaves history behind, which must not be replayed
            # over other masks: painted once is edited.
            return not masks_edited and layer not in self._painted
        return not isinstance(layer, Shapes) or self._boxes_untouched(layer)

    def _boxes_untouched(self, layer: Shapes) -> bool:
        return len(layer.data) == len(self._rectangles) and all(
            np.array_equal(now, then)
            for now, then in zip(layer.data, self._rectangles, strict=True)
        )

    def _add(self, layer: Layer) -> Layer:
        if isinstance(layer, Labels):
            layer.events.paint.connect(lambda: self._painted.add(layer))
        self._viewer.add_layer(layer)
        return layer


def _write(old: Layer, new: Layer) -> None:
    """Move the content of a new layer into one that is in the viewer."""
    old.metadata = new.metadata
    if not isinstance(old, Shapes):
        old.data = new.data
        return
    old.data = []
    if len(new.data):
        old.add_rectangles(
            list(new.data),
            edge_width=new.edge_width,
            edge_color=new.edge_color,
            face_color=new.face_color,
        )
    old.features = new.features

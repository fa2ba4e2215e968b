"""Results in a viewer: shown again in place, image by image where only some changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Layer, Shapes
from numpy.typing import NDArray

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.interaction import Corrector, ReopenedCorrector
from napari_jcc.plugin.adding import add_unselected
from napari_jcc.plugin.layers import LayerData, fit_brush, from_layers, labels_of
from napari_jcc.plugin.line_widths import scaled_widths
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.rectangles import (
    BOX_COLOURS,
    box_features,
    box_rectangles,
    box_widths,
    find_moved,
    slots_of,
)
from napari_jcc.plugin.summary import Summary
from napari_jcc.results import ImageResult, JccResult

if TYPE_CHECKING:
    from napari.components import ViewerModel

_POSITION = ("units", "scale", "translate", "rotate", "shear", "affine")
"""Properties of a layer that the user may have changed on the images since."""


@dataclass(frozen=True)
class Answer:
    """A result, the images it is about, and where they lie in the viewer.

    Attributes
    ----------
    result
        The user's edits laid over.
    collection, placement
        Of the images of the result.
    corrector
        Takes the run further by what the user draws; None for a result that was opened.
    source
        All images that were chosen, also those that the run had to leave out; None: the
        same as `collection`.
    summary
        What came out of the run, in words.
    """

    result: JccResult
    collection: ImageCollection
    placement: Placement
    corrector: Corrector | ReopenedCorrector | None = None
    source: ImageCollection | None = None
    summary: Summary = field(default_factory=Summary)

    @property
    def chosen(self) -> ImageCollection:
        """All images that were chosen."""
        return self.collection if self.source is None else self.source


class ShownResult:
    """The layers of the latest result for one choice of images.

    The next result is written into a layer that is still in the viewer and of the same
    shape; otherwise a new layer is added and the old one hidden. What the user drew must
    be in the result by then: see `CorrectionController`.

    Parameters
    ----------
    viewer
        Where the layers are shown. Use from the GUI thread only.

    Attributes
    ----------
    answer
        What is shown; None before the first result.
    rectangles
        Boxes as they were written into their layer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: dict[str, Layer] = {}
        self.rectangles: list[np.ndarray] = []
        self.answer: Answer | None = None

    @property
    def stack(self) -> Layer | None:
        """The stack of images that had no layer in common, if it is in the viewer."""
        return self._present("stack")

    def put_stack(self, layer: Layer, images: Iterable[Layer]) -> None:
        """Show a stack of images in place of the layers that lie on top of each other."""
        self._viewer.layers.append(layer)
        self._layers["stack"] = layer
        for image in images:
            image.visible = False

    @property
    def masks(self) -> Labels | None:
        """The mask layer, if it is in the viewer."""
        return self._present("Labels")

    @property
    def boxes(self) -> Shapes | None:
        """The box layer, if it is in the viewer."""
        return self._present("Shapes")

    @property
    def boxes_are_single(self) -> bool:
        """Whether every image has one box at most."""
        images = () if self.answer is None else self.answer.result.images
        return all(image.instances is None for image in images)

    @property
    def corrections_teach(self) -> bool:
        """Whether other images learn from what is corrected in one."""
        answer = self.answer
        by_look = answer is not None and answer.result.config.decode.refinement == "look"
        return by_look or self.boxes_are_single

    def steps(
        self, answer: Answer, layers: Sequence[Layer | LayerData]
    ) -> list[Callable[[], None]]:
        """Show a result one layer per call, so that the window breathes in between.

        The masks come last: until then what is drawn on a former result belongs to that
        result, which is still the one that `answer` tells.

        Parameters
        ----------
        answer
            What is shown.
        layers
            Its layers, made from `to_layers` and in no viewer yet.
        """
        former = self.answer
        fits = former is not None and former.placement.shape == answer.placement.shape
        ordered = sorted(layers, key=lambda found: _kind(found) == "Labels")
        return [partial(self._show_layer, found, answer, fits) for found in ordered]

    def _show_layer(self, found: Layer | LayerData, answer: Answer, fits: bool) -> None:
        new = found if isinstance(found, Layer) else Layer.create(*found)
        kind = type(new).__name__
        old = self._present(kind)
        if old is None or not fits or not _is_alike(old, new):
            if old is not None:
                old.visible = False  # on the same images, it would be taken for new
            self._add(kind, new)
            if isinstance(new, Labels):
                fit_brush(new, answer.result)
        else:
            _write(old, new)
        if isinstance(new, Shapes):
            self.remember_rectangles()
        if isinstance(new, Labels):
            self.answer = answer

    def _add(self, kind: str, new: Layer) -> None:
        """Add a layer, the masks below the boxes that came before them."""
        layers, boxes = self._viewer.layers, self.boxes
        under = isinstance(new, Labels) and boxes is not None
        add_unselected(layers, new, layers.index(boxes) if under else None)
        self._layers[kind] = new

    def take_over(self, answer: Answer, layers: Sequence[Layer]) -> None:
        """Take layers that are in the viewer already for those that show `answer`."""
        self.answer = answer
        self._layers = {type(layer).__name__: layer for layer in layers}
        if self.masks is not None:
            fit_brush(self.masks, answer.result)
        self.remember_rectangles()

    def write(self, images: Mapping[int, ImageResult]) -> None:
        """Show new answers of some images, by their places; the others stay."""
        if self.answer is None or not images:
            return
        all_images = list(self.answer.result.images)
        drawn = [] if self.boxes is None else list(self.boxes.data)
        moved = find_moved(drawn, self.answer.result, self.answer.placement, images)
        for place, image in images.items():
            all_images[place] = image
        result = replace(self.answer.result, images=tuple(all_images))
        self.answer = replace(self.answer, result=result)
        self._write_masks(images)
        self.write_boxes(images, moved)

    def remember_rectangles(self) -> None:
        """Take the boxes in the layer for those that are known."""
        shapes = self.boxes
        self.rectangles = [] if shapes is None else [np.array(s) for s in shapes.data]

    def as_edited(self) -> JccResult | None:
        """Return the latest result with masks and boxes as they now are in the viewer."""
        if self.answer is None or self.masks is None or self.boxes is None:
            return None if self.answer is None else self.answer.result
        result, placement = self.answer.result, self.answer.placement
        if tuple(self.masks.data.shape) != placement.shape:
            return result
        return from_layers(result, placement, self.masks.data, list(self.boxes.data))

    def _present(self, kind: str) -> Layer | None:
        layer = self._layers.get(kind)
        return layer if layer is not None and layer in self._viewer.layers else None

    def _write_masks(self, images: Mapping[int, ImageResult]) -> None:
        masks, answer = self.masks, self.answer
        if masks is None or answer is None:
            return
        placement = answer.placement
        if tuple(masks.data.shape) != placement.shape:
            return
        # In place, not by `masks.data =`: napari's history of strokes stays usable.
        stack = masks.data.reshape(placement.slices, *placement.canvas)
        for place, image in images.items():
            rows, columns = image.mask.shape
            stack[placement.slots[place], :rows, :columns] = labels_of(image)
        masks.refresh()

    def write_boxes(self, written: Iterable[int], moved: Sequence[int]) -> None:
        """Draw the boxes that moved anew, and say in the table what is known of them."""
        shapes, answer = self.boxes, self.answer
        if shapes is None or answer is None:
            return
        result, placement = answer.result, answer.placement
        if moved:
            old = np.flatnonzero(_lie_on(shapes, moved, placement))
            new = box_rectangles(result, placement, moved)
            _replace(shapes, old, new, box_widths(result, placement, moved))
            self.remember_rectangles()
        rows = np.flatnonzero(_lie_on(shapes, written, placement))
        data, table = shapes.data, shapes.features.copy()
        known = box_features(result, placement, [data[row] for row in rows])
        for name, values in known.items():
            table.loc[rows, name] = values
        shapes.features = table


def _kind(found: Layer | LayerData) -> str:
    """Name of the type of a layer, also of one that is not made yet."""
    return type(found).__name__ if isinstance(found, Layer) else found[2].capitalize()


def _is_alike(old: Layer, new: Layer) -> bool:
    """Whether the content of `new` fits into `old`, which the user may have replaced."""
    fits = isinstance(old, Shapes) or tuple(old.data.shape) == tuple(new.data.shape)
    return old.ndim == new.ndim and fits


def _write(old: Layer, new: Layer) -> None:
    """Move the content of a new layer into one that is in the viewer, to its place."""
    old.metadata = new.metadata
    for name in _POSITION:
        place = getattr(new, name)
        if not np.array_equal(getattr(old, name), place):
            setattr(old, name, place)
    if isinstance(old, Shapes):
        _replace(old, np.arange(len(old.data)), list(new.data), list(new.edge_width))
        old.features = new.features
    elif isinstance(old, Labels) and old.data.dtype == new.data.dtype:
        old.data[...] = new.data
        if type(old.colormap) is not type(new.colormap):
            # One colour for the object, or one for each of several.
            old.colormap = new.colormap
        old.refresh()
    else:
        old.data = new.data


def _replace(
    shapes: Shapes,
    old: NDArray[np.intp],
    rectangles: list[np.ndarray],
    widths: float | list[float],
) -> None:
    """Replace some shapes of a layer, by their rows; the new ones are its last."""
    if not rectangles:
        shapes.remove(old.tolist())
        return
    # Told once, of the new ones: every telling takes the window as long as a hundred boxes.
    with shapes.events.blocker_all():
        shapes.remove(old.tolist())
    widths = scaled_widths(shapes, widths)
    shapes.add_rectangles(rectangles, edge_width=widths, **BOX_COLOURS)


def _lie_on(shapes: Shapes, places: Iterable[int], placement: Placement) -> MaskArray:
    """Which shapes lie on the slices of some images, (K,) bool."""
    slots = [placement.slots[place] for place in places]
    return np.isin(slots_of(shapes.data, placement), slots)

"""Results as napari layers, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import cv2
import dask.array as da
import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.plugin import paged
from napari_jcc.plugin.lazy_stack import lazy_stack
from napari_jcc.plugin.placement import METADATA_KEY, PLACEMENT_KEY, Placement
from napari_jcc.plugin.rectangles import box_rectangles, box_style, boxes_by_slot
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.results.result import NO_BOX

LayerData = tuple[Any, dict[str, Any], Literal["image", "labels", "shapes"]]

OBJECT = 1
"""Value of the object in a mask layer; the background is 0."""

OBJECT_COLOURS = (
    "transparent",
    *("#00c8ff", "#ff9f1c", "#3ddc4b", "#ff4fd8", "#5b7cff", "#b6f000", "#ff4040"),
    *("#b06bff", "#00d8b0", "#ff7fa8", "#c8783c"),
)
"""Of several objects, over and over; napari's own have grays, not to be seen on gray."""

_BRUSH_SHARE, _SMALLEST_BRUSH = 0.02, 10
"""Of the longer side of a usual image, and the width in pixels that napari begins with."""

_MORE_OBJECTS = 100
"""Labels beyond twice those of a result that a mask layer has room for at least."""

MASK_COLOURS = {0: "transparent", OBJECT: "#00c8ff", None: "#ff9f1c"}


def to_layers(
    result: JccResult, placement: Placement, collection: ImageCollection, prefix: str = ""
) -> list[LayerData]:
    """Masks, boxes and saliency of a result as layer data, in the order to be added.

    Parameters
    ----------
    result
        One image per slot of `placement`.
    placement
        Where the images lie in the viewer.
    collection
        The same images; kept in the layers' metadata for the writers.
    prefix
        Start of the layer names, such as ``"coins "``.
    """
    metadata = {METADATA_KEY: collection, PLACEMENT_KEY: placement}
    shared = {**placement.transform, "metadata": metadata}
    boxes = box_rectangles(result, placement)
    return [
        (saliency_stack(result, placement), _saliency_style(prefix) | shared, "image"),
        (mask_stack(result, placement), _mask_style(result, prefix) | shared, "labels"),
        (boxes, box_style(result, placement, boxes, prefix) | shared, "shapes"),
    ]


def mask_stack(result: JccResult, placement: Placement) -> NDArray[np.unsignedinteger]:
    """Masks of a result as the data of a Labels layer, of ``placement.shape``.

    They can be painted on; those of large sets are paged from a file, see `paged.zeros`.
    """
    kind = np.min_scalar_type(max(map(_highest_label, result.images), default=0))
    stack = paged.zeros((placement.slices, *placement.canvas), kind)
    for slot, image in zip(placement.slots, result.images, strict=True):
        rows, columns = image.mask.shape
        stack[slot, :rows, :columns] = labels_of(image)
    return stack.reshape(placement.shape)


def _highest_label(image: ImageResult) -> int:
    """Highest label that an image may need, with room for objects still to be drawn."""
    if image.instances is None:
        return OBJECT
    return 2 * int(image.instances.max(initial=0)) + _MORE_OBJECTS


def labels_of(image: ImageResult) -> NDArray[Any]:
    """Labels (H, W) of an image in a mask layer: its objects, or `OBJECT` as True."""
    return image.mask if image.instances is None else image.instances


def fit_brush(masks: Labels, result: JccResult) -> None:
    """Give the brush of a mask layer a width that is seen on images of this size."""
    sides = [max(image.mask.shape) for image in result.images]
    masks.brush_size = max(_SMALLEST_BRUSH, round(_BRUSH_SHARE * float(np.median(sides))))


def saliency_stack(result: JccResult, placement: Placement) -> da.Array:
    """Saliency of a result as lazy float32 image data, of ``placement.shape``.

    The maps stay at working size; a slice is enlarged when it is looked at.
    """

    def draw(place: int) -> Float32Array:
        image = result.images[place]
        rows, columns = image.mask.shape
        return np.asarray(cv2.resize(image.saliency_map, (columns, rows)), np.float32)

    return lazy_stack(draw, placement, np.float32)


def from_layers(
    result: JccResult,
    placement: Placement,
    masks: Any,
    rectangles: list[NDArray[Any]],
) -> JccResult:
    """Put masks and boxes, as they now are in the viewer, into a result.

    Every other part of `result` is kept. An image without a rectangle has no box; of
    several rectangles on an image with one object the last one drawn counts.

    Parameters
    ----------
    result
        What `to_layers` was given.
    placement
        The same.
    masks
        Data of the Labels layer; everything that is not 0 is object.
    rectangles
        Data of the Shapes layer.
    """
    stack = np.asarray(masks).reshape(placement.slices, *placement.canvas)
    boxes = boxes_by_slot(rectangles, placement)
    images = tuple(
        _edited(image, stack[slot], boxes.get(slot, []))
        for slot, image in zip(placement.slots, result.images, strict=True)
    )
    return replace(result, images=images)


def _edited(
    image: ImageResult, labels: NDArray[Any], boxes: list[Float32Array]
) -> ImageResult:
    rows, columns = image.mask.shape
    labels = labels[:rows, :columns]
    # Of large images another copy is much, and mostly all is as in the result.
    same = np.array_equal(labels, labels_of(image))
    mask: MaskArray = image.mask if same else labels != 0
    box = boxes[-1] if boxes else NO_BOX
    edited = replace(image, mask=mask, box=box)
    if image.instances is None:
        return edited
    drawn = np.array(boxes, np.float32).reshape(-1, 4)
    return replace(
        edited,
        instances=image.instances if same else labels.astype(np.int32),
        instance_boxes=drawn,
        instance_scores=_scores_of(drawn, image),
    )


def _scores_of(boxes: Float32Array, image: ImageResult) -> Float32Array:
    """Scores of boxes that the result has as well; 0 for those drawn by hand."""
    same = (boxes[:, None] == image.boxes[None]).all(axis=-1)
    return np.where(same.any(axis=1), same @ image.scores, 0).astype(np.float32)


def _mask_style(result: JccResult, prefix: str) -> dict[str, Any]:
    style = {"name": f"{prefix}masks", "opacity": 0.4}
    if any(image.instances is not None for image in result.images):
        return style | {"colormap": CyclicLabelColormap(colors=OBJECT_COLOURS)}
    return style | {"colormap": MASK_COLOURS}


def _saliency_style(prefix: str) -> dict[str, Any]:
    return {
        "name": f"{prefix}saliency",
        "rgb": False,
        "visible": False,
        "opacity": 0.7,
        "colormap": "inferno",
        "contrast_limits": (0.0, 1.0),
    }

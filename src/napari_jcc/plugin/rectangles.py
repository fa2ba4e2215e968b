"""Boxes as the rectangles of a Shapes layer and back: where (x, y) becomes (row, column).

The core counts pixels by their edges (pixel 0 spans 0 to 1), napari by their centres
(pixel 0 spans -0.5 to 0.5), so a box moves by half a pixel on the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, FloatArray, IntArray
from napari_jcc.plugin.placement import Placement, enlargement
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.results.result import bare_image

BOX_COLOURS = {"edge_color": "#ffd400", "face_color": "transparent"}
"""Arguments of a Shapes layer of boxes."""

_SAME = 1e-3
"""Pixels that a box may be off from where it was drawn, by rounding."""


def box_rectangles(
    result: JccResult, placement: Placement, places: Iterable[int] | None = None
) -> list[FloatArray]:
    """Boxes of a result as the data of a Shapes layer: (4, D) corners per box.

    Parameters
    ----------
    result
        One image per slot of `placement`.
    placement
        Where the images lie in the viewer.
    places
        Of the images whose boxes are wanted; None: of all.
    """
    return [
        _rectangle(box, placement.index_of(placement.slots[place]))
        for place in (range(len(result.images)) if places is None else places)
        for box in result.images[place].boxes
    ]


def box_features(
    result: JccResult, placement: Placement, rectangles: Sequence[NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Collect what the table of a Shapes layer says of every box.

    Parameters
    ----------
    result, placement
        As for `box_rectangles`.
    rectangles
        Data of the layer; the boxes of an image are in the order of the result. Those
        that are not in the result have no score.
    """
    images = dict(zip(placement.slots, result.images, strict=True))
    nothing = bare_image("")
    left: dict[int, list[float]] = {}
    shown: list[tuple[ImageResult, float]] = []
    for slot in slots_of(rectangles, placement).tolist():
        image = images.get(slot, nothing)
        if slot not in left:
            left[slot] = image.scores.tolist()[::-1]
        shown.append((image, left[slot].pop() if left[slot] else math.nan))
    # Of no boxes too columns of texts, which take none where they began as numbers.
    return {
        "image": np.array([image.name for image, _ in shown], object),
        "score": np.array([round(score, 4) for _, score in shown], float),
        "object_share": np.array([round(i.foreground_share, 4) for i, _ in shown], float),
        "warning": np.array([image.warning for image, _ in shown], object),
    }


def box_style(
    result: JccResult, placement: Placement, rectangles: list[FloatArray], prefix: str
) -> dict[str, Any]:
    """Arguments of a Shapes layer of boxes, but for where it lies."""
    return {
        "name": f"{prefix}boxes",
        "ndim": len(placement.shape),
        "shape_type": "rectangle",
        **BOX_COLOURS,
        "edge_width": box_widths(result, placement),
        "features": box_features(result, placement, rectangles),
    }


def box_widths(
    result: JccResult, placement: Placement, places: Iterable[int] | None = None
) -> float | list[float]:
    """Line widths of `box_rectangles`, in pixels; one number where all are alike."""
    canvas = placement.canvas
    widths = [
        line_width(max(canvas) / enlargement(image.mask.shape, canvas))
        for place in (range(len(result.images)) if places is None else places)
        for image in [result.images[place]]
        for _ in image.boxes
    ]
    if len(set(widths)) > 1:
        return widths
    return widths[0] if widths else line_width(max(canvas))


def line_width(side: float) -> float:
    """Width of the lines of boxes on an image whose longer side is `side`, in pixels."""
    return max(1.0, round(side / 300))


def rectangle_to_box(
    corners: NDArray[Any], placement: Placement
) -> tuple[int, Float32Array]:
    """Slice and ``xyxy`` box of one shape; the inverse of `box_rectangles`.

    The slice of a shape that was drawn beyond the images is -1.

    Parameters
    ----------
    corners : (4 or more, D)
        Corners of a shape; its bounding box is taken.
    placement
        Where the images lie in the viewer.
    """
    (slot,) = slots_of([corners], placement).tolist()
    return slot, _box_of(corners)


def slots_of(shapes: Sequence[NDArray[Any]], placement: Placement) -> IntArray:
    """Slices of shapes, (K,), by their first corners; -1 beyond the images."""
    corners = np.array([shape[0, :-2] for shape in shapes], float)
    return placement.slots_at(corners.reshape(len(shapes), len(placement.leading)))


def find_moved(
    drawn: Sequence[NDArray[Any]],
    result: JccResult,
    placement: Placement,
    images: Mapping[int, ImageResult],
) -> list[int]:
    """Find the places of new answers whose boxes are others, or are not among the shapes.

    The latter are those that the user moved, and that were undone before an answer came.
    """
    slots = slots_of(drawn, placement)
    moved: list[int] = []
    for place, image in images.items():
        rows = np.flatnonzero(slots == placement.slots[place]).tolist()
        there = np.array([_box_of(drawn[row]) for row in rows], np.float32).reshape(-1, 4)
        off = np.abs(image.boxes[:, None] - there[None]).max(axis=-1)
        is_same = np.array_equal(image.boxes, result.images[place].boxes)
        if not (is_same and (off < _SAME).any(axis=1).all()):
            moved.append(place)
    return moved


def boxes_by_slot(
    shapes: Sequence[NDArray[Any]], placement: Placement
) -> dict[int, list[Float32Array]]:
    """Boxes ``xyxy`` of the data of a Shapes layer, by their slices."""
    found: dict[int, list[Float32Array]] = {}
    for slot, corners in zip(slots_of(shapes, placement).tolist(), shapes, strict=True):
        found.setdefault(slot, []).append(_box_of(corners))
    return found


def _box_of(corners: NDArray[Any]) -> Float32Array:
    low, high = corners[:, -2:].min(axis=0) + 0.5, corners[:, -2:].max(axis=0) + 0.5
    return np.array([low[1], low[0], high[1], high[0]], np.float32)


def _rectangle(box: Float32Array, index: tuple[int, ...]) -> FloatArray:
    x_min, y_min, x_max, y_max = box.astype(float) - 0.5
    corners = [(y_min, x_min), (y_min, x_max), (y_max, x_max), (y_max, x_min)]
    return np.array([(*index, *corner) for corner in corners], float)

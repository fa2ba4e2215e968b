r"""How well boxes hold the object, learned from the masks of the whole set.

The box of a mask is right in most images and wrong in some: it misses wheels, or takes two
animals for one. What a box holds, part by part, and what lies beside it tells a whole
object from half of one. A ridge regression on the candidate boxes of all images predicts
how much each overlaps the box of its own image's mask. No image is rated by what was
learned from itself, so that a wrong mask does not confirm its own box; how well the two
agree counts too, at a smaller weight.

A mask's box depends on where the mask was cut: a little lower, and two animals become one
piece. So every image gives masks of several cuts, and what counts is the mean overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, IntArray, MaskArray
from napari_jcc.features import FeatureMap
from napari_jcc.features.deep import interval_means
from napari_jcc.priors.cells import embed_cells
from napari_jcc.priors.folds import predict_by_others
from napari_jcc.regions import box_iou, largest_piece
from napari_jcc.spill import SpilledList

PARTS = 3
"""Parts of a box along each of its sides."""
MARGIN = 0.2
"""Width of the strip beside a box, as a share of the box's side."""

_WHOLE, _BEFORE, _BEHIND = 0, 1, 2
_PARTS = range(3, 3 + PARTS)
_RECTANGLES = (
    (_WHOLE, _WHOLE),
    (_BEFORE, _WHOLE),
    (_BEHIND, _WHOLE),
    (_WHOLE, _BEFORE),
    (_WHOLE, _BEHIND),
    *((row, column) for row in _PARTS for column in _PARTS),
)
"""What is described of a box: intervals down and across."""


def describe_boxes(
    found: FeatureMap, cells: Float32Array, boxes: IntArray, shape: tuple[int, int]
) -> Float32Array:
    """Means over the box, its parts and the strips beside it, and its place.

    Parameters
    ----------
    found
        The encoder's map of the image, for where its cells lie.
    cells : (gh, gw, K) float32
        Descriptors of the cells.
    boxes : (R, 4) int64
        ``xyxy``, half-open.
    shape
        Height and width of the image that the boxes are in.

    Returns
    -------
    (R, 14 K + 7) float32
        With 3 x 3 parts.
    """
    # The mean over a rectangle is a product of means along the axes.
    down, across = found.interpolation(shape)
    rows = _means_along(down, boxes[:, 1], boxes[:, 3])  # (R, 3 + PARTS, gh)
    columns = _means_along(across, boxes[:, 0], boxes[:, 2])
    gh, gw, size = cells.shape
    bands = rows.reshape(-1, gh) @ cells.reshape(gh, -1)
    bands = bands.reshape(*rows.shape[:2], gw, size)
    means = [
        (columns[:, None, column] @ bands[:, row])[:, 0] for row, column in _RECTANGLES
    ]
    return np.concatenate([*means, _place(boxes, shape)], axis=1)


def _means_along(weights: Float32Array, start: IntArray, stop: IntArray) -> Float32Array:
    """Means over intervals (R,), the strips before and behind them, and their parts.

    Parameters
    ----------
    weights : (n, cells) float32
        The cells' weights at every pixel.
    start, stop
        Ends of the intervals, in whole pixels.

    Returns
    -------
    (R, 3 + PARTS, cells) float32
        The outermost pixel where the image has no room for a strip.
    """
    margin = np.maximum(np.rint(MARGIN * (stop - start)).astype(np.int64), 1)
    ends = np.rint(np.linspace(start, stop, PARTS + 1)).astype(np.int64)
    low = np.stack([start, start - margin, stop, *ends[:-1]], axis=1)
    high = np.stack([stop, start, stop + margin, *ends[1:]], axis=1)
    means = interval_means(weights, low.ravel(), high.ravel())
    return means.reshape(*low.shape, weights.shape[1])


def _place(boxes: IntArray, shape: tuple[int, int]) -> Float32Array:
    """Size, proportions and contact with the border of the image, (R, 7)."""
    height, width = shape
    x_min, y_min, x_max, y_max = boxes.T
    share = (x_max - x_min) * (y_max - y_min) / (height * width)
    columns = (
        share,
        np.sqrt(share),
        np.log((x_max - x_min) / (y_max - y_min)),
        x_min <= 1,
        y_min <= 1,
        x_max >= width - 1,
        y_max >= height - 1,
    )
    return np.stack(columns, axis=1).astype(np.float32)


DIMENSIONS = 48
LEAST_WEIGHT = 0.1
"""Weight of a box that misses the object; the object's own box has 1.1. Boxes that miss it
are many times as many."""
OWN_MASKS = 0.5
"""Weight of the overlap with the boxes of the image's own masks; the prediction from other
images has 1."""


def rate_boxes(
    maps: Sequence[FeatureMap],
    boxes: Sequence[IntArray],
    masks: Sequence[MaskArray],
    budget: float = math.inf,
) -> list[Float32Array]:
    """Predict how much every candidate box overlaps the object.

    Parameters
    ----------
    maps
        The encoder's descriptors of every image.
    boxes : list of (R, 4) int64
        Candidates, ``xyxy`` in the pixels of the masks, half-open; R may be 0.
    masks : list of (n, h, w) bool
        Object or rest, by several cuts of the same image; n at least 1, none empty.
    budget
        Bytes of descriptors of boxes kept in memory; the others go to a temporary file.

    Returns
    -------
    list of (R,) float32
        Expected intersection over union with the box of the object, about 0 to 1; for a
        single image that with the boxes of its masks.
    """
    own = list(map(_mean_overlap, masks, boxes))
    predicted = own
    if len(maps) > 1:
        # Every image counts the same, however many boxes it has.
        weights = [(LEAST_WEIGHT + overlap) / max(len(overlap), 1) for overlap in own]
        predicted = predict_by_others(_describe(maps, boxes, masks, budget), own, weights)
    return [
        ((by_others + OWN_MASKS * overlap) / (1 + OWN_MASKS)).astype(np.float32)
        for by_others, overlap in zip(predicted, own, strict=True)
    ]


def _mean_overlap(masks: MaskArray, boxes: IntArray) -> FloatArray:
    """Mean over the masks of the overlap with the box of the largest piece, (R,)."""
    drawn = [largest_piece(mask).astype(np.int64) for mask in masks]
    return np.asarray(np.mean([box_iou(box, boxes) for box in drawn], axis=0))


def _describe(
    maps: Sequence[FeatureMap],
    boxes: Sequence[IntArray],
    masks: Sequence[MaskArray],
    budget: float,
) -> SpilledList[Float32Array]:
    features: SpilledList[Float32Array] = SpilledList(
        len(maps), budget, lambda block: block.nbytes
    )
    cells = embed_cells(maps, DIMENSIONS)
    for place, (found, grid, candidates) in enumerate(zip(maps, cells, boxes, strict=True)):
        _, height, width = masks[place].shape
        features[place] = describe_boxes(found, grid, candidates, (height, width))
    return features

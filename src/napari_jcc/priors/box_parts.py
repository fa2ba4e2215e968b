"""What boxes hold and what lies beside them, in terms of the encoder's cells."""

from __future__ import annotations

import numpy as np

from napari_jcc._types import Float32Array, IntArray
from napari_jcc.features import FeatureMap
from napari_jcc.features.deep import interval_means

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

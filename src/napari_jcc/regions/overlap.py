"""How boxes, masks and superpixels overlap."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_jcc._types import Float32Array, FloatArray, IntArray, MaskArray
from napari_jcc.regions.regions import Superpixels

Boxes = NDArray[np.integer | np.floating]


def box_area(boxes: Boxes) -> FloatArray:
    """Area of boxes (..., 4) ``xyxy``, half-open, (...,); 0 where a side is negative."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0).astype(np.float64)
    return np.asarray(sides[..., 0] * sides[..., 1])


def box_iou(boxes: Boxes, others: Boxes) -> FloatArray:
    """Intersection over union of boxes (..., 4) with others (..., 4), broadcast together.

    Parameters
    ----------
    boxes, others
        ``xyxy``, half-open. A box with NaN stands for no answer.

    Returns
    -------
    iou : (...,) float64
        In [0, 1]; 0 where a box is NaN or has no area.
    """
    low = np.maximum(boxes[..., :2], others[..., :2])
    high = np.minimum(boxes[..., 2:], others[..., 2:])
    shared = box_area(np.concatenate([low, high], axis=-1))
    union = box_area(boxes) + box_area(others) - shared
    # Comparisons with NaN are false, which leaves the zero in place.
    iou: FloatArray = np.zeros_like(shared)
    return np.divide(shared, union, out=iou, where=shared > 0)


def mask_iou(mask: MaskArray, other: MaskArray) -> float:
    """Intersection over union of two masks of one shape; 1 if both are empty."""
    union = np.count_nonzero(mask | other)
    return np.count_nonzero(mask & other) / union if union else 1.0


def area_means(values: MaskArray | Float32Array, shape: tuple[int, ...]) -> Float32Array:
    """Reduce a map (H, W) to `shape`, (h, w), by averaging over the area of every pixel.

    Of a mask that is the share of each pixel that the mask covers.
    """
    means = cv2.resize(values.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32).reshape(shape)


def mask_extent(mask: MaskArray) -> tuple[slice, slice]:
    """Rows and columns that the pixels of a mask, (H, W), lie in; none of an empty one."""
    lines = np.flatnonzero(mask.any(axis=1))
    if not lines.size:
        return slice(0, 0), slice(0, 0)
    rows = slice(int(lines[0]), int(lines[-1]) + 1)
    lines = np.flatnonzero(mask[rows].any(axis=0))
    return rows, slice(int(lines[0]), int(lines[-1]) + 1)


def largest_piece(mask: MaskArray) -> Float32Array:
    """Box of the largest connected piece of a mask that is not empty, (4,) xyxy."""
    rows, columns = mask_extent(mask)
    own = mask[rows, columns].astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(own, connectivity=8)
    left, top, width, height, _ = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    x, y = columns.start + left, rows.start + top
    return np.array([x, y, x + width, y + height], dtype=np.float32)


def find_overlap(superpixels: Superpixels, boxes: Float32Array) -> sparse.csr_array:
    """Mark the superpixels that lie in each box with more than half of their pixels.

    Parameters
    ----------
    superpixels
        Pieces of one image.
    boxes : (R, 4) float
        ``xyxy``, half-open; may reach out of the image. A pixel lies in a box if its
        centre does: pixel 0 spans 0 to 1.

    Returns
    -------
    (R, S) csr, bool
        Only True values are stored.
    """
    rows = [superpixels_inside(superpixels, box) for box in boxes]
    dense = np.stack(rows) if rows else np.zeros((0, len(superpixels)), bool)
    return sparse.csr_array(dense)


def superpixels_inside(superpixels: Superpixels, box: Float32Array) -> MaskArray:
    """Whether more than half of each superpixel lies in one ``xyxy`` box, (S,) bool."""
    x_min, y_min, x_max, y_max = pixel_bounds(box, superpixels.label_map.shape)
    inside = superpixels.label_map[y_min:y_max, x_min:x_max]
    count = np.bincount(inside.ravel(), minlength=len(superpixels))
    return np.asarray(2 * count > superpixels.area)


def pixel_bounds(boxes: Float32Array | FloatArray, shape: tuple[int, ...]) -> IntArray:
    """Half-open range of the pixels whose centres lie in each box, clipped to the image.

    Parameters
    ----------
    boxes : (..., 4) float
        ``xyxy``.
    shape
        Height and width of the image.

    Returns
    -------
    (..., 4) int64
        ``xyxy``; maximum equal to minimum where a box misses every centre.
    """
    height, width = shape[:2]
    limits = np.array([width, height, width, height])
    bounds = np.clip(np.ceil(np.asarray(boxes, float) - 0.5), 0, limits).astype(np.int64)
    bounds[..., 2:] = np.maximum(bounds[..., 2:], bounds[..., :2])
    return bounds

"""Which superpixel lies in which box."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_jcc._types import Float32Array, FloatArray, IntArray, MaskArray
from napari_jcc.regions.regions import Superpixels


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

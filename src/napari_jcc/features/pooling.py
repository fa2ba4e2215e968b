"""From grid points to pieces of the image: means over superpixels and boxes.

A grid of step t splits the image into cells of t x t pixels from the upper left corner
(the last row and column may be cut); its points are the centres of the cells.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.regions.regions import Superpixels

BOX_CELLS = 2
"""Cells along each side of a box."""


def grid_centres(length: int, step: int) -> FloatArray:
    """Positions of the grid points along one axis, in pixels, all inside the image.

    Parameters
    ----------
    length
        Pixels along the axis, at least 1.
    step
        Distance of the points in pixels, at least 1.

    Returns
    -------
    centres : (ceil(length / step),) float64
        Centre of every grid cell, the cut one included.
    """
    edges = np.append(np.arange(0, length, step, dtype=np.float64), length)
    centres: FloatArray = (edges[:-1] + edges[1:]) / 2
    return centres


def pool_superpixels(
    grid: Float32Array, superpixels: Superpixels, step: int
) -> Float32Array:
    """Mean of the grid points in every superpixel.

    A superpixel that holds no point takes the point nearest to its centre.

    Parameters
    ----------
    grid : (gh, gw, D) float32
        Descriptors of the points of a grid of step `step`.
    superpixels
        Superpixels of the same image.
    step
        Distance of the grid points in pixels.

    Returns
    -------
    descriptors : (S, D) float32
    """
    height, width = superpixels.label_map.shape
    rows = grid_centres(height, step).astype(np.int64)
    columns = grid_centres(width, step).astype(np.int64)
    owner = superpixels.label_map[np.ix_(rows, columns)].ravel()
    point = np.arange(len(owner))
    count = np.bincount(owner, minlength=len(superpixels))

    without = np.flatnonzero(count == 0)
    x, y = (superpixels.centre[without] // step).astype(np.int64).T
    nearest = np.clip(y, 0, len(rows) - 1) * len(columns) + np.clip(x, 0, len(columns) - 1)

    owner = np.concatenate([owner, without])
    point = np.concatenate([point, nearest])
    weight = (1 / np.maximum(count, 1)).astype(np.float32)[owner]
    mean = sparse.csr_array(
        (weight, (owner, point)), shape=(len(superpixels), len(rows) * len(columns))
    )
    return np.asarray(mean @ grid.reshape(-1, grid.shape[-1]), dtype=np.float32)


def pool_pixels(values: Float32Array, superpixels: Superpixels) -> FloatArray:
    """Mean of (h, w, D) values over every superpixel, (S, D)."""
    return np.stack(list(map(superpixels.pool, np.moveaxis(values, -1, 0))), axis=1)


def pool_boxes(grid: Float32Array, boxes: Float32Array, step: int) -> Float32Array:
    """Mean of the grid over 2 x 2 cells of every box, concatenated.

    A grid point stands for its whole grid cell, of which a box may hold a part: the mean is
    weighted by the shared area, so that a box smaller than the grid still has descriptors.
    The shared area of rectangles is a product of shared lengths, so all boxes are pooled by
    two matrix products.

    Parameters
    ----------
    grid : (gh, gw, D) float32
        Descriptors of the points of a grid of step `step`.
    boxes : (R, 4) float32
        ``xyxy`` in pixels.
    step
        Distance of the grid points in pixels.

    Returns
    -------
    descriptors : (R, 4 D) float32
        Upper left, upper right, lower left, lower right; zeros for a box without area.
    """
    gh, gw, size = grid.shape
    across = _length_shares(boxes[:, 0], boxes[:, 2], gw, step)  # (R, 2, gw)
    down = _length_shares(boxes[:, 1], boxes[:, 3], gh, step)  # (R, 2, gh)
    bands = down.reshape(-1, gh) @ grid.reshape(gh, -1)  # (2 R, gw D)
    bands = bands.reshape(len(boxes), BOX_CELLS, gw, size)
    pooled: Float32Array = across[:, None] @ bands  # (R, 2, 2, D)
    return pooled.reshape(len(boxes), BOX_CELLS**2 * size)


def _length_shares(
    start: Float32Array, stop: Float32Array, cells: int, step: int
) -> Float32Array:
    """Share of each half of the intervals that lies in every grid cell, (R, 2, cells)."""
    ends = np.linspace(start, stop, BOX_CELLS + 1, axis=-1, dtype=np.float64)
    edges = np.arange(cells + 1) * float(step)
    lower = np.maximum(ends[:, :-1, None], edges[:-1])
    upper = np.minimum(ends[:, 1:, None], edges[1:])
    shared = np.maximum(upper - lower, 0)
    total = shared.sum(axis=-1, keepdims=True)
    shares: Float32Array = np.divide(
        shared, total, out=np.zeros_like(shared), where=total > 0
    ).astype(np.float32)
    return shares

r"""Values smoothed among pixels that are near each other and of like colour.

Smoothing along rows and columns stops at every line that crosses a part, and drags values
along where there is none. Here pixels share their values in a grid over place and colour,
so that two parts of one colour agree round a line between them. With the values v, their
confidence c, the number n of pixels in a cell and symmetric weights W of neighbouring cells
whose rows sum to n (Barron and Poole, The fast bilateral solver, ECCV 2016),

.. math:: \min_y \sum_p c_p (y_{b(p)} - v_p)^2
    + \frac{\lambda}{2} \sum_{a, b} W_{ab} (y_a - y_b)^2 .
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import sparse

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray

STRENGTH = 256.0
"""lambda."""
CELL = 8.0
"""Side of a cell, in pixels and in steps (of 0-255) of brightness and colour."""
BALANCE_STEPS, SOLVER_STEPS = 10, 25


class ColourGrid:
    """The cells of an image, among which values are shared.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB.
    """

    def __init__(self, image: ImageArray) -> None:
        luma = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YUV), dtype=np.float32)
        height, width = luma.shape[:2]
        place = (np.arange(width)[None, :], np.arange(height)[:, None])
        axes = [*place, *np.moveaxis(luma, -1, 0)]
        steps = [np.rint(axis / CELL).astype(np.int64) + 1 for axis in axes]
        # One number for every cell; a step along an axis is a step of its stride.
        sizes = [int(step.max()) + 2 for step in steps]
        strides = np.cumprod([1, *sizes[:-1]])
        number = sum(stride * step for stride, step in zip(strides, steps, strict=True))
        cells, cell = np.unique(number, return_inverse=True)
        self._cell: IntArray = cell.ravel()
        self._weights = _balance(_neighbours(cells, strides), np.bincount(self._cell))

    def smooth(
        self,
        values: Float32Array,
        confidence: Float32Array | None = None,
        strength: float | None = None,
    ) -> Float32Array:
        """Smooth a map.

        Parameters
        ----------
        values : (h, w) float32
            The map.
        confidence : (h, w) float32, optional
            How much each of them counts, above 0; else 1.
        strength
            lambda; `STRENGTH` unless given.

        Returns
        -------
        (h, w) float32
        """
        strength = STRENGTH if strength is None else strength
        given = values.ravel()
        counts = None if confidence is None else confidence.ravel()
        counted: FloatArray = np.bincount(self._cell, counts).astype(np.float64)
        if counts is not None:
            given = given * counts
        sums: FloatArray = np.bincount(self._cell, given).astype(np.float64)
        degree = np.asarray(self._weights.sum(axis=1), np.float64)
        diagonal = sparse.diags_array(strength * degree + counted)
        matrix = (diagonal - strength * self._weights).tocsr()
        found = _descend(matrix, sums, sums / counted)
        return np.asarray(found[self._cell].reshape(values.shape), dtype=np.float32)


def smooth_alike(image: ImageArray, values: Float32Array) -> Float32Array:
    """Smooth values (h, w) among pixels of like place and colour in an image (h, w, 3)."""
    return ColourGrid(image).smooth(values)


def _neighbours(cells: IntArray, strides: IntArray) -> sparse.csr_array:
    """Mark the cells, (n,) ascending, that are a stride apart, (n, n)."""
    here, there = [], []
    for stride in strides:
        after = np.minimum(np.searchsorted(cells, cells + stride), len(cells) - 1)
        met = np.flatnonzero(cells[after] == cells + stride)
        here += [met, after[met]]
        there += [after[met], met]
    rows, columns = np.concatenate(here), np.concatenate(there)
    size = (len(cells), len(cells))
    met_once = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=size)
    # A cell counts twice along every axis where each neighbour counts once.
    return met_once + 2.0 * len(strides) * sparse.eye_array(len(cells), format="csr")


def _balance(neighbours: sparse.csr_array, count: IntArray) -> sparse.csr_array:
    """Weights of neighbouring cells whose rows sum to the pixels in each cell, (n, n)."""
    scale = np.ones(len(count))
    for _ in range(BALANCE_STEPS):
        scale = np.sqrt(scale * count / (neighbours @ scale))
    diagonal = sparse.diags_array(scale)
    return sparse.csr_array(diagonal @ neighbours @ diagonal)


def _descend(matrix: sparse.csr_array, given: FloatArray, start: FloatArray) -> FloatArray:
    """Conjugate gradients with the diagonal as preconditioner, `SOLVER_STEPS` of them.

    SciPy's leave the products of vectors to BLAS. Its threads wait for each other, and for
    the threads that work on other images, fifty times as long as the work takes.
    """
    diagonal = matrix.diagonal()
    found, left = start, given - matrix @ start
    direction, size = np.zeros_like(start), 1.0
    for _ in range(SOLVER_STEPS):
        steered = left / diagonal
        before, size = size, float((left * steered).sum())
        if size <= 1e-12:
            break
        direction = steered + size / before * direction
        ahead = matrix @ direction
        length = size / float((direction * ahead).sum())
        found, left = found + length * direction, left - length * ahead
    return found

"""How far carried points are from the truth, and which of them count as right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import Float32Array, FloatArray, MaskArray
from napari_jcc.errors import InputError

REFERENCE_SIDE = 224
"""Side of the square that images are brought to where a rule measures there."""
FLOW_TOLERANCE = 0.05
"""Right flow ends within this share of the longer side of the image it leads to."""


def point_errors(points: ArrayLike, truth: ArrayLike) -> FloatArray:
    """Distance of every point from its truth.

    Parameters
    ----------
    points : (K, 2) array-like
        Where a matcher puts the points, x and y. NaN stands for no answer.
    truth : (K, 2) array-like
        Where they are.

    Returns
    -------
    errors : (K,) float64
        In the unit of the points; infinite where there is no answer.

    Raises
    ------
    InputError
        If the shapes differ or are not (K, 2).
    """
    a, b = np.asarray(points, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] != 2:
        raise InputError(
            f"Points have shape {a.shape} and their truth {b.shape}; both must be (K, 2)."
        )
    errors = np.hypot(*(a - b).T)
    return np.where(np.isnan(errors), np.inf, errors)


def pck(errors: ArrayLike, alpha: float, length: float) -> float:
    """Percentage of correct key points, as a share.

    Parameters
    ----------
    errors : (K,) array-like
        Distances from the truth.
    alpha
        Tolerance as share of `length`.
    length
        Size of what is matched, in the unit of the errors: of the object or of the image.

    Returns
    -------
    share
        Of points with an error of at most ``alpha * length``; in [0, 1].

    Raises
    ------
    InputError
        If there are no points, or the tolerance is not positive.
    """
    values = np.asarray(errors, dtype=np.float64)
    if not values.size or not alpha * length > 0:
        raise InputError(
            f"PCK needs points and a positive tolerance, got {values.size} points and "
            f"{alpha} x {length}. Leave pairs without common points out."
        )
    return float(np.mean(values <= alpha * length))


def longer_side(points: ArrayLike) -> float:
    """Longer side of the upright box around points (K, 2)."""
    return float(np.ptp(np.asarray(points, dtype=np.float64), axis=0).max())


def to_reference(points: ArrayLike, size: tuple[int, int]) -> FloatArray:
    """Bring points (K, 2) of an image of `size` (height, width) to 224 x 224."""
    height, width = size
    scale = REFERENCE_SIDE / np.array([width, height], dtype=np.float64)
    return np.asarray(points, dtype=np.float64) * scale


def flow_accuracy(
    flow: Float32Array | FloatArray,
    truth: Float32Array,
    known: MaskArray,
    size: tuple[int, int],
) -> float:
    """Share of pixels whose flow ends where it should (TSS).

    Parameters
    ----------
    flow : (H, W, 2) float
        Way in x and y, in pixels. NaN stands for no answer.
    truth : (H, W, 2) float32
        The true way.
    known : (H, W) bool
        Pixels with a truth; the others do not count.
    size
        Height and width of the image that the flow leads to.

    Returns
    -------
    share
        Of the known pixels whose end point is within 5 % of the longer side of that image;
        in [0, 1].

    Raises
    ------
    InputError
        If shapes differ, or no pixel has a truth.
    """
    if flow.shape != truth.shape or known.shape != truth.shape[:2]:
        raise InputError(
            f"The flow has shape {flow.shape}, its truth {truth.shape} and the mask of "
            f"known pixels {known.shape}; give all at the size of one image."
        )
    if not known.any():
        raise InputError("The true flow has no known pixel; leave this pair out.")
    return pck(point_errors(flow[known], truth[known]), FLOW_TOLERANCE, max(size))

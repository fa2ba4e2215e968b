r"""Ridge regression with a Gaussian kernel, on a few landmarks.

With kernel :math:`k(a, b) = \exp(-|a - b|^2 / s)`, landmarks Z, weights :math:`\omega` and
targets t,

.. math::
   \min_c \sum_j \omega_j (t_j - \bar t - k(x_j, Z) c)^2 + \lambda\, c' k(Z, Z)\, c

(Williams and Seeger, Using the Nyström method to speed up kernel machines, 2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import FloatArray
from napari_jcc.threads import one_thread

Points = NDArray[np.floating]
RIDGE = 0.01
SAME = 1e-6
"""Squared distance below which points differ by rounding alone."""
AT_ONCE = 1024
"""Points that are predicted at once: their kernel stays in the processor's cache."""


def square_distances(points: Points, others: Points) -> Points:
    """Return the squared distances of (P, D) points and (O, D) others, (P, O)."""
    norms = np.square(points).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    return np.asarray(np.maximum(norms - 2 * points @ others.T, 0))


@dataclass(frozen=True)
class FittedRidge:
    """A function of points, fitted to targets.

    Attributes
    ----------
    landmarks : (L, D) float
        Points that the kernel compares with.
    width
        s of the kernel.
    coefficients : (L,) float64
    level
        Mean of the targets.
    """

    landmarks: Points
    width: float
    coefficients: FloatArray
    level: float

    @one_thread
    def predict(self, points: Points) -> Points:
        """Return the value at points (P, D), (P,), in their precision."""
        kind = points.dtype.type
        landmarks, coefficients = (
            part.astype(kind) for part in (self.landmarks, self.coefficients)
        )
        # -|a - z|^2 / s is linear in a but for |a|^2: one product and two sums.
        slope = landmarks.T * kind(2 / self.width)
        of_landmark = np.square(landmarks).sum(axis=1) / kind(self.width)
        of_point = np.square(points).sum(axis=1) / kind(self.width)
        found = np.empty(len(points), points.dtype)
        for first in range(0, len(points), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            exponent = points[part] @ slope
            exponent -= of_landmark
            exponent -= of_point[part, None]
            found[part] = np.exp(exponent, out=exponent) @ coefficients
        found += kind(self.level)
        return found


class KernelRidge:
    """Fits one set of points to several targets: the kernel is computed once.

    Parameters
    ----------
    points : (P, D) float
        Comparable in scale. Landmarks are spread evenly over them.
    count
        Number of landmarks to aim at: every second, third or so point is one, which makes
        at least as many where there are so many points, and fewer than twice as many.
    """

    def __init__(self, points: Points, count: int) -> None:
        step = max(1, len(points) // count)
        self._landmarks = points[step // 2 :: step]
        between = square_distances(self._landmarks, self._landmarks)
        typical = float(np.median(between))
        self._width = typical if typical > SAME else 1.0
        self._kernel = np.exp(-square_distances(points, self._landmarks) / self._width)
        self._penalty = np.exp(-between / self._width) / len(self._landmarks)

    @one_thread
    def fit(self, target: FloatArray, weight: FloatArray) -> FittedRidge:
        """Fit to targets (P,) that count by their weights (P,)."""
        weight = weight / weight.sum()
        level = float(weight @ target)
        weighted = self._kernel * weight[:, None]
        system = weighted.T @ self._kernel + RIDGE * self._penalty
        system[np.diag_indices(len(system))] += 1e-8
        right = weighted.T @ (target - level)
        # By numpy, which lets other threads run meanwhile, as a window's; scipy does not.
        coefficients = np.linalg.solve(system, right)
        return FittedRidge(self._landmarks, self._width, coefficients, level)

    def at_points(self, fitted: FittedRidge) -> FloatArray:
        """Return what `fitted` says of the points it was fitted to, (P,)."""
        return np.asarray(self._kernel @ fitted.coefficients + fitted.level)

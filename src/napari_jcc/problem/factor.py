r"""The ridge classifier's cost matrix D as a low-rank factor; D is never formed.

For weights omega, centred weighted features :math:`\tilde X = \Omega^{1/2}(X - 1\bar x')`
and ridge beta, eliminating the classifier from
:math:`\min_{w,b} \sum_j \omega_j (y_j - x_j'w - b)^2 + \beta |w|^2` leaves

.. math::
   y' D y, \qquad D = \Omega - F F', \qquad
   F = \Omega^{1/2} [\,\Omega^{1/2} 1 / |\Omega^{1/2} 1|,\;
       \tilde X V S^{-1} \mathrm{diag}\sqrt{s^2 / (s^2 + \beta)}\,]

with :math:`\tilde X'\tilde X = V S^2 V'`. With omega = 1 this is the matrix of arXiv
1705.06000, equations (1) to (4): the centring projection minus a low-rank part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from napari_jcc._types import Float32Array, FloatArray

CHUNK_ROWS = 65536
LARGEST_SHARE = 0.25
"""Degrees of freedom granted at most, per piece."""


@dataclass(frozen=True)
class DiscriminativeFactor:
    """D = diag(weights) - factor factor'.

    Attributes
    ----------
    weights : (n,) float64
        omega, positive, mean 1.
    factor : (n, K) float64
    beta
        Ridge that gives the degrees of freedom asked for.
    """

    weights: FloatArray
    factor: FloatArray
    beta: float

    @property
    def trace(self) -> float:
        """Trace of D."""
        return float(self.weights.sum() - np.square(self.factor).sum())


def discriminative_factor(
    features: Float32Array,
    weights: FloatArray,
    degrees_of_freedom: float,
    spectrum_cutoff: float,
) -> DiscriminativeFactor:
    """Factor D for one kind of piece.

    Parameters
    ----------
    features : (n, D) float32
        One row per piece.
    weights : (n,) float64
        Positive; scaled to mean 1.
    degrees_of_freedom
        Trace of the ridge smoother, sum of s^2 / (s^2 + beta); sets beta. At most a
        quarter of n is granted: with as much freedom as there are pieces the classifier
        fits every labelling, and D vanishes. Where the features allow no such freedom,
        beta tends to 0.
    spectrum_cutoff
        Columns whose s^2 / (s^2 + beta) is below this are dropped. Dropping a column
        raises D slightly and keeps it semidefinite.
    """
    omega = weights / weights.mean()
    root = np.sqrt(omega)
    mean = (omega @ features) / omega.sum()
    values, vectors = np.linalg.eigh(_weighted_gram(features, mean, omega))
    # Directions without variance carry no information, only rounding: of the largest
    # one, and of the mean, which would make D indefinite where all features are equal.
    total = float(values.sum() + omega.sum() * (mean @ mean))
    significant = values > max(values.max(initial=0.0) * 1e-10, total * 1e-13)
    values, vectors = values[significant], vectors[:, significant]
    beta = _ridge(values, min(degrees_of_freedom, LARGEST_SHARE * len(features)))
    shrinkage = values / (values + beta)
    kept = shrinkage >= spectrum_cutoff
    scale = np.sqrt(shrinkage[kept] / values[kept])
    projection = vectors[:, kept] * scale
    factor = np.empty((len(features), 1 + projection.shape[1]))
    factor[:, 0] = omega / np.linalg.norm(root)
    factor[:, 1:] = features @ projection
    factor[:, 1:] -= mean @ projection
    factor[:, 1:] *= omega[:, None]
    return DiscriminativeFactor(omega, factor, beta)


def _weighted_gram(
    features: Float32Array, mean: FloatArray, omega: FloatArray
) -> FloatArray:
    """Sum over j of omega_j (x_j - mean)(x_j - mean)', in float64, chunk by chunk."""
    gram = np.zeros((features.shape[1], features.shape[1]))
    for start in range(0, len(features), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        centred = features[rows] - mean
        gram += (centred * omega[rows, None]).T @ centred
    return gram


def _ridge(values: FloatArray, degrees_of_freedom: float) -> float:
    """Beta with sum of values / (values + beta) equal to `degrees_of_freedom`."""
    if not len(values):
        return 1.0
    smallest = float(values[0]) * 1e-6
    if np.sum(values / (values + smallest)) <= degrees_of_freedom:
        return smallest
    # At this beta every term is at most values / beta, so their sum is at most the target.
    largest = float(values.sum()) / degrees_of_freedom

    def excess(log_beta: float) -> float:
        return float(np.sum(values / (values + np.exp(log_beta))) - degrees_of_freedom)

    return float(np.exp(brentq(excess, np.log(smallest), np.log(largest) + 1e-9)))

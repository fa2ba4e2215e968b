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

The features are read twice, block by block: once for :math:`\tilde X'\tilde X`, once for
the rows of F. So n x D numbers are never in memory at once unless they came that way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.errors import ProblemError
from napari_jcc.problem.program import CHUNK_ROWS
from napari_jcc.spill import empty_array
from napari_jcc.threads import one_thread

LARGEST_SHARE = 0.25
"""Degrees of freedom granted at most, per piece."""


@dataclass(frozen=True)
class Storage:
    """How the rows of a factor are kept.

    Attributes
    ----------
    precision
        Type of its numbers. All sums are in float64 either way.
    budget
        Bytes in memory; a larger factor is mapped from a temporary file.
    """

    precision: Literal["float64", "float32"] = "float64"
    budget: float = np.inf


IN_MEMORY = Storage()


@dataclass(frozen=True)
class DiscriminativeFactor:
    """D = diag(weights) - factor factor'.

    Attributes
    ----------
    weights : (n,) float64
        omega, positive, mean 1.
    factor : (n, K) float64 or float32
    beta
        Ridge that gives the degrees of freedom asked for.
    """

    weights: FloatArray
    factor: FloatArray | Float32Array
    beta: float

    @property
    def trace(self) -> float:
        """Trace of D."""
        squares = (
            np.square(self.factor[start : start + CHUNK_ROWS], dtype=np.float64).sum()
            for start in range(0, len(self.factor), CHUNK_ROWS)
        )
        return float(self.weights.sum() - sum(squares))

    def scaled(self, scale: float) -> FloatArray | Float32Array:
        """Return the factor times a number, in memory or a file as the factor is."""
        factor = self.factor
        budget = 0.0 if isinstance(factor, np.memmap) else np.inf
        result = empty_array(factor.shape, factor.dtype, budget)
        np.multiply(factor, factor.dtype.type(scale), out=result)
        return result


@one_thread
def discriminative_factor(
    features: Float32Array | Sequence[Float32Array],
    weights: FloatArray,
    degrees_of_freedom: float,
    spectrum_cutoff: float,
    storage: Storage = IN_MEMORY,
) -> DiscriminativeFactor:
    """Factor D for one kind of piece.

    Parameters
    ----------
    features : (n, D) float32, or blocks (n_i, D) of it in order
        One row per piece. Blocks are read one at a time, twice.
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
    storage
        How the factor is kept.

    Raises
    ------
    ProblemError
        If features and weights differ in number, or features are not finite.
    """
    omega = weights / weights.mean()
    blocks = _Blocks(features)
    mean, gram = _mean_and_gram(blocks, omega)
    values, vectors = np.linalg.eigh(gram)
    # Directions without variance carry no information, only rounding: of the largest
    # one, and of the mean, which would make D indefinite where all features are equal.
    total = float(values.sum() + omega.sum() * (mean @ mean))
    significant = values > max(values.max(initial=0.0) * 1e-10, total * 1e-13)
    values, vectors = values[significant], vectors[:, significant]
    beta = _ridge(values, min(degrees_of_freedom, LARGEST_SHARE * len(omega)))
    shrinkage = values / (values + beta)
    kept = shrinkage >= spectrum_cutoff
    scale = np.sqrt(shrinkage[kept] / values[kept])
    projection = vectors[:, kept] * scale
    shape = (len(omega), 1 + projection.shape[1])
    factor = empty_array(shape, storage.precision, storage.budget)
    factor[:, 0] = omega / np.linalg.norm(np.sqrt(omega))
    for rows, block in blocks:
        factor[rows, 1:] = omega[rows, None] * (block @ projection - mean @ projection)
    return DiscriminativeFactor(omega, factor, beta)


class _Blocks:
    """Features block by block with the rows that they fill."""

    def __init__(self, features: Float32Array | Sequence[Float32Array]) -> None:
        self._features = features

    def __iter__(self) -> Iterator[tuple[slice, Float32Array]]:
        start = 0
        for block in self._cut():
            yield slice(start, start + len(block)), block
            start += len(block)

    def _cut(self) -> Iterator[Float32Array]:
        features = self._features
        if not isinstance(features, np.ndarray):
            yield from features
            return
        for start in range(0, len(features), CHUNK_ROWS):
            yield features[start : start + CHUNK_ROWS]


def _mean_and_gram(blocks: _Blocks, omega: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Mean and :math:`\sum_j \omega_j (x_j - \bar x)(x_j - \bar x)'`, in one pass.

    Every block is centred on its own mean and then joined with those before it, which
    loses no digits to a mean far from zero.

    References
    ----------
    T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for
    computing sample variances", COMPSTAT 1982.
    """
    mean, gram, total, count = np.zeros(0), np.zeros((0, 0)), 0.0, 0
    for rows, block in blocks:
        weight = omega[rows]
        count = rows.stop
        if not len(block) or len(weight) < len(block):
            continue
        _check_finite(block, rows.start)
        own = float(weight.sum())
        own_mean = (weight @ block) / own
        centred = block - own_mean
        if not total:
            mean, gram = np.zeros_like(own_mean), np.zeros((len(own_mean),) * 2)
        shift = own_mean - mean
        gram += (centred * weight[:, None]).T @ centred
        gram += np.outer(shift, shift) * (total * own / (total + own))
        mean = mean + shift * (own / (total + own))
        total += own
    if count != len(omega):
        raise ProblemError(f"There are {count} rows of features but {len(omega)} weights.")
    return mean, gram


def _check_finite(block: Float32Array, first: int) -> None:
    wrong = ~np.isfinite(block)
    if wrong.any():
        piece = first + int(wrong.any(axis=1).argmax())
        raise ProblemError(
            f"Features must be finite, but {int(wrong.sum())} of {wrong.size} values are "
            f"not, the first of them of piece {piece} of the set. Check the images, and "
            "what features.encoder makes of them, for NaN or infinite values."
        )


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

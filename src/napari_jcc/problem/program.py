"""A convex quadratic program as data, the low-rank part of its cost kept as a factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from napari_jcc._types import Float32Array, FloatArray, IntArray
from napari_jcc.errors import ProblemError

CHUNK_ROWS = 65536
"""Rows of a factor that are brought to float64 at a time."""


@dataclass(frozen=True)
class LowRankTerm:
    """A term ``-F F'`` of the cost matrix, on a run of consecutive variables.

    Attributes
    ----------
    start
        First variable the factor acts on.
    factor : (n, K) float64 or float32
        F, one row per variable from `start` on; may be mapped from a file.
    """

    start: int
    factor: FloatArray | Float32Array

    @property
    def rows(self) -> slice:
        """Variables the factor acts on."""
        return slice(self.start, self.start + len(self.factor))

    def project(self, x: FloatArray) -> FloatArray:
        """Return F'x, (K,) float64, for the term's own variables, (n,)."""
        result = np.zeros(self.factor.shape[1])
        for rows in self._chunks():
            result += self.factor[rows].T @ x[rows]
        return result

    def expand(self, w: FloatArray) -> FloatArray:
        """Return F w, (n,) float64."""
        result = np.empty(len(self.factor))
        for rows in self._chunks():
            result[rows] = self.factor[rows] @ w
        return result

    @property
    def is_finite(self) -> bool:
        """Whether no number of F is infinite or NaN."""
        return all(np.isfinite(self.factor[rows]).all() for rows in self._chunks())

    def _chunks(self) -> Iterator[slice]:
        for start in range(0, len(self.factor), CHUNK_ROWS):
            yield slice(start, start + CHUNK_ROWS)


@dataclass(frozen=True)
class QuadraticProgram:
    r"""Minimise :math:`\tfrac12 x'Px + q'x` over rows and bounds, with P = S - sum F F'.

    Attributes
    ----------
    sparse_cost : (V, V) csc
        S, symmetric, both triangles stored. Images do not touch each other in it.
    low_rank : tuple of LowRankTerm
        The only part of the cost that couples images. P as a whole is positive
        semidefinite.
    q : (V,) float64
    A : (M, V) csr
    l, u : (M,) float64
        Rows: ``l <= A x <= u``; infinite where open.
    lower, upper : (V,) float64
        Bounds: ``lower <= x <= upper``, finite.
    variable_image : (V,) int64
        Image of every variable.
    row_image : (M,) int64
        Image of every row; a row touches variables of its image only.
    """

    sparse_cost: sparse.csc_array
    low_rank: tuple[LowRankTerm, ...]
    q: FloatArray
    A: sparse.csr_array
    l: FloatArray  # noqa: E741 - the field's name for the lower limit of the rows
    u: FloatArray
    lower: FloatArray
    upper: FloatArray
    variable_image: IntArray
    row_image: IntArray

    def __post_init__(self) -> None:
        self._check_shapes()
        self._check_values()

    @property
    def variable_count(self) -> int:
        """V, the number of variables."""
        return len(self.q)

    @property
    def rank(self) -> int:
        """Columns of all low-rank factors together."""
        return sum(term.factor.shape[1] for term in self.low_rank)

    def multiply(self, x: FloatArray) -> FloatArray:
        """Return P x without forming P.

        Parameters
        ----------
        x : (V,) float64
            Any point.
        """
        product: FloatArray = self.sparse_cost @ x
        for term in self.low_rank:
            product[term.rows] -= term.expand(term.project(x[term.rows]))
        return product

    def objective(self, x: FloatArray) -> float:
        """Value of the cost at `x`, (V,)."""
        return float(0.5 * x @ self.multiply(x) + self.q @ x)

    def lower_bound(self, x: FloatArray, row_duals: FloatArray) -> float:
        r"""Return a lower bound of the cost over all feasible points, valid for any input.

        With P semidefinite, :math:`\tfrac12 v'Pv \ge x'Pv - \tfrac12 x'Px` for every v,
        and :math:`(Av)'y \le` the support of the limits at y. What remains is linear in v
        and is minimised over the bounds, entry by entry. Duals that point at an open limit
        are set to zero.

        Parameters
        ----------
        x : (V,) float64
            Where the cost is linearised; best near the optimum, need not be feasible.
        row_duals : (M,) float64
            Positive for upper limits, negative for lower ones.
        """
        duals = np.where(np.isfinite(self.u), np.maximum(row_duals, 0.0), 0.0)
        duals += np.where(np.isfinite(self.l), np.minimum(row_duals, 0.0), 0.0)
        gradient = self.multiply(x)
        slope = gradient + self.q + self.A.T @ duals
        least = np.minimum(slope * self.lower, slope * self.upper).sum()
        limits = np.where(duals > 0, self.u, np.where(duals < 0, self.l, 0.0))
        return float(-0.5 * x @ gradient + least - duals @ limits)

    def infeasibility(self, x: FloatArray) -> float:
        """Largest violation of a row or bound at `x`, (V,)."""
        rows = self.A @ x
        excess = (self.l - rows, rows - self.u, self.lower - x, x - self.upper)
        return float(max((part.max(initial=0.0) for part in excess), default=0.0))

    def dense_cost(self) -> FloatArray:
        """P as a dense (V, V) matrix; for tiny problems and tests only."""
        dense = self.sparse_cost.toarray()
        for term in self.low_rank:
            dense[term.rows, term.rows] -= term.factor @ term.factor.T
        return np.asarray(dense, dtype=np.float64)

    def _check_shapes(self) -> None:
        variables, rows = len(self.q), self.A.shape[0]
        expected = {
            "sparse_cost": (self.sparse_cost.shape, (variables, variables)),
            "A": (self.A.shape, (rows, variables)),
            "l": (self.l.shape, (rows,)),
            "u": (self.u.shape, (rows,)),
            "lower": (self.lower.shape, (variables,)),
            "upper": (self.upper.shape, (variables,)),
            "variable_image": (self.variable_image.shape, (variables,)),
            "row_image": (self.row_image.shape, (rows,)),
        }
        for name, (found, wanted) in expected.items():
            if found != wanted:
                raise ProblemError(f"{name} must have shape {wanted}, got {found}.")
        for term in self.low_rank:
            if term.start < 0 or term.rows.stop > variables:
                raise ProblemError(
                    f"A low-rank term covers variables {term.start} to {term.rows.stop}, "
                    f"but there are {variables}."
                )

    def _check_values(self) -> None:
        finite = {
            "sparse_cost": self.sparse_cost.data,
            "q": self.q,
            "A": self.A.data,
            "lower": self.lower,
            "upper": self.upper,
        }
        for name, values in finite.items():
            if not np.isfinite(values).all():
                bad = int((~np.isfinite(values)).sum())
                raise ProblemError(
                    f"{name} must be finite, but {bad} of {values.size} values are not. "
                    "Check the features and the saliency for NaN or infinite values."
                )
        if not all(term.is_finite for term in self.low_rank):
            raise ProblemError(
                "The low-rank factors must be finite, but some values are not. "
                "Check the features for NaN or infinite values."
            )
        if np.isnan(self.l).any() or np.isnan(self.u).any():
            raise ProblemError("The limits of the rows must not be NaN.")
        if (self.l > self.u).any() or (self.lower > self.upper).any():
            raise ProblemError("A lower limit is above its upper limit.")


def restrict_to_image(
    program: QuadraticProgram, x: FloatArray, variables: IntArray, rows: IntArray
) -> QuadraticProgram:
    """Return the program over one image's variables, all others fixed at `x`.

    Parameters
    ----------
    program : QuadraticProgram
        The whole.
    x : (V,) float64
        A point of it.
    variables, rows
        Positions of the image's variables and rows, ascending.
    """
    q = program.q[variables].copy()
    terms: list[LowRankTerm] = []
    for term in program.low_rank:
        inside = (variables >= term.start) & (variables < term.rows.stop)
        own = term.factor[variables[inside] - term.start]
        # F'x of all other images: what they say to this one.
        others = term.project(x[term.rows]) - own.T @ x[variables[inside]]
        q[inside] -= own @ others
        terms.append(LowRankTerm(int(np.argmax(inside)), _compressed(own)))
    return QuadraticProgram(
        sparse_cost=sparse.csc_array(program.sparse_cost[:, variables].tocsr()[variables]),
        low_rank=tuple(terms),
        q=q,
        A=sparse.csr_array(program.A[rows].tocsc()[:, variables].tocsr()),
        l=program.l[rows],
        u=program.u[rows],
        lower=program.lower[variables],
        upper=program.upper[variables],
        variable_image=np.zeros(len(variables), dtype=np.int64),
        row_image=np.zeros(len(rows), dtype=np.int64),
    )


def _compressed(factor: FloatArray) -> FloatArray:
    """Return a factor of the same product F F' with no more columns than rows."""
    rows, columns = factor.shape
    if columns <= rows:
        return factor
    return np.asarray(linalg.qr(factor.T, mode="r")[0][:rows].T, dtype=np.float64)

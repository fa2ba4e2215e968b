"""A primal-dual interior-point method on dense matrices: the reference when tiny."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.linalg import lapack

from napari_jcc._types import FloatArray
from napari_jcc.config import SolverConfig
from napari_jcc.errors import ProblemError, SolverError
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution, Status

LARGEST = 2000
"""Variables beyond which the dense matrices are refused."""

STEP_TO_BOUNDARY = 0.995

PATIENCE = 10
"""Steps without progress after which rounding is taken for the end of it."""

_Residuals: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Those of the gradient, of the equalities and of the inequalities."""


@dataclass
class _Point:
    """Primal x, slacks s > 0 of Gx + s = h, duals nu of Ex = e, duals lam > 0 of G."""

    x: FloatArray
    s: FloatArray
    nu: FloatArray
    lam: FloatArray

    def moved(self, step: _Point, primal: float, dual: float) -> _Point:
        return _Point(
            self.x + primal * step.x,
            self.s + primal * step.s,
            self.nu + dual * step.nu,
            self.lam + dual * step.lam,
        )


class DenseSolver:
    """Mehrotra's predictor-corrector method, matrices formed and factorised whole.

    References
    ----------
    J. Nocedal, S. Wright, "Numerical Optimization", 2nd edition, section 16.6.
    """

    def setup(self, program: QuadraticProgram, config: SolverConfig) -> None:
        """Form the dense matrices; refuse problems that are not tiny."""
        start = time.perf_counter()
        if program.variable_count > LARGEST:
            raise ProblemError(
                f"The dense solver takes at most {LARGEST} variables, got "
                f"{program.variable_count}. Set solver.name to osqp."
            )
        self._config = config
        self._P = program.dense_cost()
        self._scale = 1.0 / max(float(np.abs(self._P).max(initial=0.0)), 1e-300)
        self._P = self._P * self._scale
        self._q = program.q * self._scale
        self._split_rows(program)
        self._setup_seconds = time.perf_counter() - start

    def solve(
        self, warm_start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Iterate to the tolerance; an interior-point method takes no warm start."""
        if progress is not None:
            progress.raise_if_cancelled()
        start = time.perf_counter()
        point, iterations, solved = self._iterate()
        row_duals, bound_duals = self._gather_duals(point)
        return Solution(
            status=Status.SOLVED if solved else Status.MAX_ITERATIONS,
            x=point.x,
            row_duals=row_duals,
            bound_duals=bound_duals,
            iterations=iterations,
            setup_seconds=self._setup_seconds,
            solve_seconds=time.perf_counter() - start,
        )

    def _split_rows(self, program: QuadraticProgram) -> None:
        """Rows and bounds as Ex = e and Gx <= h."""
        self._rows = len(program.l)
        matrix = np.vstack([program.A.toarray(), np.eye(program.variable_count)])
        low = np.concatenate([program.l, program.lower])
        high = np.concatenate([program.u, program.upper])
        self._equal = low == high
        self._above = np.isfinite(high) & ~self._equal
        self._below = np.isfinite(low) & ~self._equal
        self._E, self._e = matrix[self._equal], high[self._equal]
        self._G = np.vstack([matrix[self._above], -matrix[self._below]])
        self._h = np.concatenate([high[self._above], -low[self._below]])

    @np.errstate(over="ignore", invalid="ignore")  # Unbounded: found by the residuals.
    def _iterate(self) -> tuple[_Point, int, bool]:
        """Iterate three digits past the tolerance, or until rounding allows no more."""
        rows, count = self._G.shape
        point = best = _Point(
            np.full(count, 0.5), np.ones(rows), np.zeros(len(self._e)), np.ones(rows)
        )
        least, since, iterations = np.inf, 0, 0
        scale = 1.0 + float(np.abs(self._q).max(initial=0.0))
        while iterations < min(self._config.max_iterations, 200):
            dual, equal, unequal = self._residuals(point)
            mu = float(point.s @ point.lam / max(rows, 1))
            worst = np.max([np.abs(r).max(initial=0.0) for r in (equal, unequal)])
            # By numpy, as Python's max may pass over what is not a number.
            error = np.max([worst, np.abs(dual).max(initial=0.0) / scale, mu / scale])
            since = 0 if error < least else since + 1
            if error < least:
                best, least = point, error
            if error <= self._config.tolerance * 1e-3 or since == PATIENCE:
                break
            point = self._next(point, (dual, equal, unequal), mu)
            iterations += 1
        return best, iterations, bool(least <= self._config.tolerance)

    def _next(self, point: _Point, residuals: _Residuals, mu: float) -> _Point:
        """Return the point after one predictor and corrector step."""
        solve = self._newton(point, *residuals)
        affine = solve(point.s * point.lam)
        trial = point.moved(affine, _step(point.s, affine.s), _step(point.lam, affine.lam))
        left = float(trial.s @ trial.lam) / max(len(point.s), 1)
        centring = (left / mu) ** 3 if mu else 0.0  # 0 where nothing is an inequality
        step = solve(point.s * point.lam + affine.s * affine.lam - centring * mu)
        return point.moved(
            step,
            _step(point.s, step.s, STEP_TO_BOUNDARY),
            _step(point.lam, step.lam, STEP_TO_BOUNDARY),
        )

    def _residuals(self, point: _Point) -> _Residuals:
        gradient = self._P @ point.x + self._q
        return (
            gradient + self._E.T @ point.nu + self._G.T @ point.lam,
            self._E @ point.x - self._e,
            self._G @ point.x + point.s - self._h,
        )

    def _newton(
        self, point: _Point, dual: FloatArray, equal: FloatArray, unequal: FloatArray
    ) -> Callable[[FloatArray], _Point]:
        """Factorise once; return a function from the complementarity target to a step."""
        weight = point.lam / point.s
        count, equalities = len(point.x), len(self._e)
        kkt = np.zeros((count + equalities, count + equalities))
        kkt[:count, :count] = self._P + (self._G.T * weight) @ self._G
        kkt[:count, count:] = self._E.T
        kkt[count:, :count] = self._E
        factors, pivots = _factorise(kkt, np.repeat([1.0, -1.0], [count, equalities]))

        def solve(target: FloatArray) -> _Point:
            pull = weight * unequal - target / point.s
            right = np.concatenate([-dual - self._G.T @ pull, -equal])
            answer = lapack.dgetrs(factors, pivots, right)[0]
            dx = answer[:count]
            ds = -unequal - self._G @ dx
            return _Point(dx, ds, answer[count:], -(target + point.lam * ds) / point.s)

        return solve

    def _gather_duals(self, point: _Point) -> tuple[FloatArray, FloatArray]:
        duals = np.zeros(len(self._equal))
        above = int(self._above.sum())
        duals[self._equal] = point.nu
        duals[self._above] += point.lam[:above]
        duals[self._below] -= point.lam[above:]
        duals /= self._scale
        return duals[: self._rows], duals[self._rows :]


def _factorise(kkt: FloatArray, signs: FloatArray) -> tuple[FloatArray, Any]:
    """LU of a quasi-definite matrix, regularised no more than it takes to have one.

    A trace is always needed, as fixed variables may repeat an equality row; a share of
    the diagonal only where rounding swallows that: large weights cancel and leave
    variables without curvature a pivot of 0. Either changes steps, not the solution, as
    the residuals are those of the matrix without it.
    """
    size = np.abs(np.diagonal(kkt))
    for share in (0.0, 1e-15, 1e-14, 1e-12):
        trace = np.diag(signs * (1e-13 + share * size))
        factors, pivots, singular = lapack.dgetrf(kkt + trace)
        if not singular and np.isfinite(factors).all():
            return factors, pivots
    raise SolverError(
        "The dense solver met a singular matrix. Set solver.name to osqp, which needs no "
        "such matrix."
    )


def _step(value: FloatArray, change: FloatArray, share: float = 1.0) -> float:
    """Largest step in [0, 1] that keeps value + step * change positive."""
    fastest = float(np.max(-change / value, initial=0.0))
    return min(1.0, share / fastest) if fastest > 0 else 1.0

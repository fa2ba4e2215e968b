"""A primal-dual interior-point method on dense matrices: the reference when tiny."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from napari_jcc._types import FloatArray
from napari_jcc.config import SolverConfig
from napari_jcc.errors import ProblemError
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution, Status

LARGEST = 2000
"""Variables beyond which the dense matrices are refused."""

STEP_TO_BOUNDARY = 0.995


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

    def _iterate(self) -> tuple[_Point, int, bool]:
        rows, count = self._G.shape
        point = _Point(
            np.full(count, 0.5), np.ones(rows), np.zeros(len(self._e)), np.ones(rows)
        )
        for iteration in range(min(self._config.max_iterations, 200)):
            dual, equal, unequal = self._residuals(point)
            mu = float(point.s @ point.lam / max(rows, 1))
            worst = max(np.abs(r).max(initial=0.0) for r in (dual, equal, unequal))
            if max(worst, mu) <= self._config.tolerance * 1e-3:
                return point, iteration, True
            solve = self._newton(point, dual, equal, unequal)
            affine = solve(point.s * point.lam)
            primal = _step(point.s, affine.s, 1.0)
            dual_step = _step(point.lam, affine.lam, 1.0)
            trial = point.moved(affine, primal, dual_step)
            centring = (float(trial.s @ trial.lam) / max(rows, 1) / mu) ** 3
            step = solve(point.s * point.lam + affine.s * affine.lam - centring * mu)
            point = point.moved(
                step,
                _step(point.s, step.s, STEP_TO_BOUNDARY),
                _step(point.lam, step.lam, STEP_TO_BOUNDARY),
            )
        return point, iteration + 1, False

    def _residuals(self, point: _Point) -> tuple[FloatArray, FloatArray, FloatArray]:
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
        # A trace of regularisation: fixed variables may repeat an equality row.
        kkt[np.diag_indices(len(kkt))] += np.repeat([1e-13, -1e-13], [count, equalities])
        factors = linalg.lu_factor(kkt)

        def solve(target: FloatArray) -> _Point:
            pull = weight * unequal - target / point.s
            right = np.concatenate([-dual - self._G.T @ pull, -equal])
            answer = linalg.lu_solve(factors, right)
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


def _step(value: FloatArray, change: FloatArray, share: float) -> float:
    """Largest step in [0, 1] that keeps value + step * change positive."""
    falling = change < 0
    if not falling.any():
        return 1.0
    return float(min(1.0, share * np.min(-value[falling] / change[falling])))

"""OSQP on the lifted program."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

import numpy as np
import osqp
from scipy import sparse

from napari_jcc._types import FloatArray
from napari_jcc.config import SolverConfig
from napari_jcc.errors import ProblemError
from napari_jcc.problem.lifting import LiftedProgram, lift
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.apart import call_apart, in_background
from napari_jcc.solvers.solution import Solution, Status

FIRST_RHO = 0.03
"""Step size that OSQP settles on for costs of mean diagonal 1; starting there saves half
the iterations and the factorisations of its search (benchmarks/stage_times.py)."""

_STATUS = {
    osqp.SolverStatus.OSQP_SOLVED: Status.SOLVED,
    osqp.SolverStatus.OSQP_MAX_ITER_REACHED: Status.MAX_ITERATIONS,
    osqp.SolverStatus.OSQP_SOLVED_INACCURATE: Status.MAX_ITERATIONS,
    osqp.SolverStatus.OSQP_PRIMAL_INFEASIBLE: Status.INFEASIBLE,
    osqp.SolverStatus.OSQP_PRIMAL_INFEASIBLE_INACCURATE: Status.INFEASIBLE,
    osqp.SolverStatus.OSQP_DUAL_INFEASIBLE: Status.UNBOUNDED,
    osqp.SolverStatus.OSQP_DUAL_INFEASIBLE_INACCURATE: Status.UNBOUNDED,
    osqp.SolverStatus.OSQP_NON_CVX: Status.NON_CONVEX,
}


LARGE = 50_000
"""Coefficients from which on OSQP is given a process of its own, off the main thread: to
factorise them it keeps the GIL for longer than a window should stand still."""


INFEASIBLE = 1e-7
"""How closely a certificate must show that no point meets all rows. With OSQP's own 1e-4,
thousands of small multipliers have passed for one on a program that has points."""


_CTRL_C = threading.Lock()
"""OSQP takes Ctrl-C for itself while it iterates, and in the end puts back what was there:
of two at a time one would put back what the other took, and Python never have it again."""


@dataclass(frozen=True)
class _Answer:
    """What OSQP found."""

    status: int
    x: FloatArray
    y: FloatArray
    iterations: int
    setup_seconds: float


class _Native:
    """OSQP with one lifted program, factorised."""

    def __init__(self, lifted: LiftedProgram, config: SolverConfig) -> None:
        start = time.perf_counter()
        self._solver = osqp.OSQP()
        try:
            self._solver.setup(
                P=_as_csc_matrix(lifted.P),
                q=lifted.q,
                A=_as_csc_matrix(lifted.A),
                l=lifted.l,
                u=lifted.u,
                eps_abs=config.tolerance,
                eps_rel=config.tolerance,
                eps_prim_inf=INFEASIBLE,
                max_iter=config.max_iterations,
                rho=FIRST_RHO,
                verbose=False,
            )
        except osqp.OSQPException as error:
            raise ProblemError(
                f"OSQP refused the program. {Status.NON_CONVEX.value}"
            ) from error
        self.setup_seconds = time.perf_counter() - start

    def set_limits(self, low: FloatArray, high: FloatArray) -> None:
        """Take other limits of rows, which are factorised only where equalities change."""
        self._solver.update(l=low, u=high)

    def solve(self, start: tuple[FloatArray, FloatArray] | None) -> _Answer:
        """Iterate to the tolerance, from a point and its multipliers if given."""
        if start is not None:
            self._solver.warm_start(x=start[0], y=start[1])
        with _CTRL_C:
            answer = self._solver.solve(raise_error=False)
        return _Answer(
            int(answer.info.status_val),
            np.asarray(answer.x, dtype=np.float64),
            np.asarray(answer.y, dtype=np.float64),
            int(answer.info.iter),
            self.setup_seconds,
        )


def _solve_once(
    lifted: LiftedProgram,
    config: SolverConfig,
    start: tuple[FloatArray, FloatArray] | None,
) -> _Answer:
    return _Native(lifted, config).solve(start)


class OsqpSolver:
    """Operator splitting (Stellato et al. 2020) on ``(x, w = F'x)``.

    The cost is scaled so that S has a mean diagonal of 1 before OSQP sees it: its
    tolerances are absolute, and costs normalised by trace shrink with the set.
    """

    def setup(self, program: QuadraticProgram, config: SolverConfig) -> None:
        """Lift the program and, unless another process will, let OSQP factorise it."""
        self._program, self._config = program, config
        self._scale = _cost_scale(program)
        lifted = lift(program)
        self._lifted = replace(lifted, P=self._scale * lifted.P, q=self._scale * lifted.q)
        large = lifted.P.nnz + lifted.A.nnz >= LARGE
        apart = large and in_background()
        self._native = None if apart else _Native(self._lifted, config)

    def set_limits(self, program: QuadraticProgram) -> None:
        """Take over the bounds and limits of a program that else is the one set up."""
        self._program = program
        low = np.concatenate([program.l, program.lower])
        high = np.concatenate([program.u, program.upper])
        self._lifted = replace(self._lifted, l=low, u=high)
        if self._native is not None:
            self._native.set_limits(low, high)

    def solve(
        self, warm_start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Iterate to the tolerance, from `warm_start` if given."""
        if progress is not None:
            progress.raise_if_cancelled()
        begun = time.perf_counter()
        start = None if warm_start is None else self._as_start(warm_start)
        if self._native is None:
            answer = call_apart(
                _solve_once, self._lifted, self._config, start, progress=progress
            )
            begun += answer.setup_seconds
        else:
            answer = self._native.solve(start)
        if answer.status == osqp.SolverStatus.OSQP_SIGINT:
            _pass_on_interrupt(progress)
        count = self._program.variable_count
        rows = len(self._program.l)
        duals = answer.y / self._scale
        return Solution(
            status=_STATUS.get(answer.status, Status.FAILED),
            x=answer.x[:count],
            row_duals=duals[:rows],
            bound_duals=duals[rows:],
            iterations=answer.iterations,
            setup_seconds=answer.setup_seconds,
            solve_seconds=time.perf_counter() - begun,
        )

    def _as_start(self, solution: Solution) -> tuple[FloatArray, FloatArray]:
        copies = [term.project(solution.x[term.rows]) for term in self._program.low_rank]
        duals = np.concatenate([solution.row_duals, solution.bound_duals])
        return np.concatenate([solution.x, *copies]), self._scale * duals


def _pass_on_interrupt(progress: Progress | None) -> None:
    """Obey the Ctrl-C that OSQP has caught in place of Python while it iterated."""
    if progress is None:
        raise KeyboardInterrupt
    progress.cancel()
    progress.raise_if_cancelled()


def _as_csc_matrix(matrix: sparse.csc_array) -> sparse.csc_matrix:
    """Return the container and index type that OSQP takes: 32 bit, sorted."""
    narrow = sparse.csc_matrix(matrix)
    narrow.sort_indices()
    narrow.indices = narrow.indices.astype(np.int32)
    narrow.indptr = narrow.indptr.astype(np.int32)
    return narrow


def _cost_scale(program: QuadraticProgram) -> float:
    diagonal = program.sparse_cost.diagonal()
    mean = float(diagonal.mean()) if len(diagonal) else 0.0
    return 1.0 / mean if mean > 0 else 1.0

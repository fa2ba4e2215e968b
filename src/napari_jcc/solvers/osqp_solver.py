"""OSQP on the lifted program."""

from __future__ import annotations

import time

import numpy as np
import osqp
from scipy import sparse

from napari_jcc._types import FloatArray
from napari_jcc.config import SolverConfig
from napari_jcc.errors import ProblemError
from napari_jcc.problem.lifting import lift
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
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


class OsqpSolver:
    """Operator splitting (Stellato et al. 2020) on ``(x, w = F'x)``.

    The cost is scaled so that S has a mean diagonal of 1 before OSQP sees it: its
    tolerances are absolute, and costs normalised by trace shrink with the set.
    """

    def setup(self, program: QuadraticProgram, config: SolverConfig) -> None:
        """Lift the program and let OSQP factorise it."""
        start = time.perf_counter()
        self._program = program
        self._scale = _cost_scale(program)
        lifted = lift(program)
        self._solver = osqp.OSQP()
        try:
            self._solver.setup(
                P=_as_csc_matrix(self._scale * lifted.P),
                q=self._scale * lifted.q,
                A=_as_csc_matrix(lifted.A),
                l=lifted.l,
                u=lifted.u,
                eps_abs=config.tolerance,
                eps_rel=config.tolerance,
                max_iter=config.max_iterations,
                rho=FIRST_RHO,
                verbose=False,
            )
        except osqp.OSQPException as error:
            raise ProblemError(
                f"OSQP refused the program. {Status.NON_CONVEX.value}"
            ) from error
        self._setup_seconds = time.perf_counter() - start

    def solve(
        self, warm_start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Iterate to the tolerance, from `warm_start` if given."""
        if progress is not None:
            progress.raise_if_cancelled()
        start = time.perf_counter()
        if warm_start is not None:
            self._warm_start(warm_start)
        answer = self._solver.solve(raise_error=False)
        count = self._program.variable_count
        rows = len(self._program.l)
        duals = np.asarray(answer.y, dtype=np.float64) / self._scale
        return Solution(
            status=_STATUS.get(answer.info.status_val, Status.FAILED),
            x=np.asarray(answer.x[:count], dtype=np.float64),
            row_duals=duals[:rows],
            bound_duals=duals[rows:],
            iterations=int(answer.info.iter),
            setup_seconds=self._setup_seconds,
            solve_seconds=time.perf_counter() - start,
        )

    def _warm_start(self, solution: Solution) -> None:
        copies: list[FloatArray] = [
            term.factor.T @ solution.x[term.rows] for term in self._program.low_rank
        ]
        duals = np.concatenate([solution.row_duals, solution.bound_duals])
        self._solver.warm_start(
            x=np.concatenate([solution.x, *copies]), y=self._scale * duals
        )


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

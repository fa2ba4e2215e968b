"""A program kept ready, so that a small edit costs a small solve."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from napari_jcc._types import IntArray
from napari_jcc.config import SolverConfig
from napari_jcc.errors import ProblemError
from napari_jcc.problem.cut import cut_image
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution, Status
from napari_jcc.solvers.structured.block_factor import NotPositive
from napari_jcc.solvers.structured.blocks import set_vectors
from napari_jcc.solvers.structured.build import make_blocks
from napari_jcc.solvers.structured.ipm import MOST_STEPS, InteriorPoint
from napari_jcc.solvers.structured.solver import (
    TIGHTER,
    StructuredSolver,
    as_solution,
    choose_device,
)


class PreparedProblem:
    """Keeps a program's blocks and its last solution across edits.

    `update` takes an edited program of the same variables and rows. `solve_image` then
    answers for one image against the others as they were, `solve` for the whole set.
    An error or a cancelled solve leaves the last solution in place.

    Parameters
    ----------
    program : QuadraticProgram
    config : SolverConfig
    device
        As for `StructuredSolver`.
    """

    def __init__(
        self, program: QuadraticProgram, config: SolverConfig, device: str = "auto"
    ) -> None:
        self.config = config
        self.solution: Solution | None = None
        self._device = choose_device(device)
        self._program = program
        self._blocks = make_blocks(program, self._device)

    @property
    def program(self) -> QuadraticProgram:
        """The program as last edited."""
        return self._program

    def update(self, program: QuadraticProgram) -> None:
        """Take over an edited program; where only vectors changed the blocks are kept.

        Raises
        ------
        ProblemError
            If the program has other variables or rows; prepare it anew then.
        """
        old = self._program
        if not (
            np.array_equal(old.variable_image, program.variable_image)
            and np.array_equal(old.row_image, program.row_image)
        ):
            raise ProblemError(
                f"The edited program has {program.variable_count} variables and "
                f"{len(program.l)} rows in other places than the {old.variable_count} and "
                f"{len(old.l)} prepared. Prepare it anew."
            )
        if _same_matrices(old, program):
            set_vectors(self._blocks, program)
        else:
            self._blocks = make_blocks(program, self._device)
        self._program = program

    def solve(self, progress: Progress | None = None) -> Solution:
        """Return the optimum of the whole set, and keep it."""
        solver = StructuredSolver(str(self._device))
        solver.take(self._blocks, self.config)
        solution = solver.solve(progress=progress)
        if solution.status is Status.SOLVED:
            self.solution = solution
        return solution

    def solve_image(self, image: int, progress: Progress | None = None) -> Solution:
        """Return the optimum over one image's variables, the others staying as they are.

        The others enter through F'x alone, a vector as long as the rank. The answer is
        kept, as the best known until the next `solve`.

        Raises
        ------
        ProblemError
            If nothing was solved before.
        """
        if self.solution is None:
            raise ProblemError("There is no solution to start from yet. Call solve first.")
        start = time.perf_counter()
        variables = np.flatnonzero(self._program.variable_image == image)
        rows = np.flatnonzero(self._program.row_image == image)
        part = cut_image(self._program, self.solution.x, variables, rows)
        blocks = make_blocks(part, self._device)
        setup = time.perf_counter() - start
        try:
            steps = min(self.config.max_iterations, MOST_STEPS)
            tolerance = self.config.tolerance * TIGHTER
            result = InteriorPoint(blocks).solve(tolerance, steps, progress=progress)
        except NotPositive:
            return replace(self.solution, status=Status.NON_CONVEX)
        local = as_solution(blocks, result, (setup, time.perf_counter() - start - setup))
        joined = _join(self.solution, local, variables, rows)
        if local.status is Status.SOLVED:
            self.solution = joined
        return joined


def _same_matrices(old: QuadraticProgram, new: QuadraticProgram) -> bool:
    pairs = [(old.A, new.A), (old.sparse_cost, new.sparse_cost)]
    if len(old.low_rank) != len(new.low_rank):
        return False
    return all(
        a is b
        or (
            np.array_equal(a.indptr, b.indptr)
            and np.array_equal(a.indices, b.indices)
            and np.array_equal(a.data, b.data)
        )
        for a, b in pairs
    ) and all(
        a is b or (a.start == b.start and np.array_equal(a.factor, b.factor))
        for a, b in zip(old.low_rank, new.low_rank, strict=True)
    )


def _join(whole: Solution, part: Solution, variables: IntArray, rows: IntArray) -> Solution:
    """Return the whole solution with one image's share replaced."""
    x, row_duals, bound_duals = (
        whole.x.copy(),
        whole.row_duals.copy(),
        whole.bound_duals.copy(),
    )
    x[variables], bound_duals[variables] = part.x, part.bound_duals
    row_duals[rows] = part.row_duals
    return Solution(
        part.status,
        x,
        row_duals,
        bound_duals,
        part.iterations,
        part.setup_seconds,
        part.solve_seconds,
    )

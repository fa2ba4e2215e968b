"""What a solver offers: prepare a program once, solve it as often as needed."""

from __future__ import annotations

from typing import Protocol

from napari_jcc.config import SolverConfig
from napari_jcc.errors import SolverError
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution, Status


class Solver(Protocol):
    """A back end for quadratic programs."""

    def setup(self, program: QuadraticProgram, config: SolverConfig) -> None:
        """Take over a program and factorise what can be."""
        ...

    def solve(
        self, warm_start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Solve the program, from an earlier solution of one of the same shape if given.

        Raises
        ------
        Cancelled
            If the progress was cancelled and the solver can stop; it stays usable.
        """
        ...


def require_solved(solution: Solution) -> Solution:
    """Return `solution` if it is solved.

    Raises
    ------
    SolverError
        With the status's message and the number of iterations, otherwise.
    """
    if solution.status is not Status.SOLVED:
        raise SolverError(
            f"The joint problem was not solved ({solution.iterations} iterations). "
            f"{solution.status.value}"
        )
    return solution

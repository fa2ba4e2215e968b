"""The interface of solvers, and the solvers by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Protocol

from napari_jcc.config import SolverConfig
from napari_jcc.errors import ConfigError, SolverError
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.osqp_solver import OsqpSolver
from napari_jcc.solvers.solution import Solution, Status
from napari_jcc.words import describe_unknown, how_to_install


class Solver(Protocol):
    """A back end for quadratic programs."""

    def setup(self, program: QuadraticProgram, config: SolverConfig) -> None:
        """Take over a program and factorise what can be."""
        ...

    def solve(
        self, warm_start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Solve the program; `warm_start` is a solution of one of the same shape.

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


def check_solver(name: str) -> None:
    """Find out, before a long run, whether what a solver needs is installed.

    Raises
    ------
    SolverError
        If it is not.
    """
    if name == "structured" and importlib.util.find_spec("torch") is None:
        raise SolverError(
            "The solver structured needs torch, not installed here. "
            f"{how_to_install('torch')}, or set solver.name to osqp."
        )


def _structured(device: str) -> Solver:
    check_solver("structured")
    # torch takes a second to load, and most uses of the package need none of it.
    try:
        from napari_jcc.solvers.structured import StructuredSolver
    except (ImportError, OSError) as error:  # such as libraries of CUDA that are missing
        raise SolverError(
            f"torch is installed but cannot be loaded: {error}. Install it again, or set "
            "solver.name to osqp."
        ) from error

    return StructuredSolver(device)


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "osqp": lambda device: OsqpSolver(),
    "structured": _structured,
}
"""Factories of solvers, called with a device, which those for the CPU alone ignore."""


LARGE = 4000
"""Variables from which on the structured solver is faster even when torch must be loaded
first, which takes a second or two; about 15 images at the default settings."""


def resolve_solver(name: str, variables: int, *, correction: bool = False) -> str:
    """Return what the setting ``auto`` stands for, and any other name as it is.

    Where torch is installed that is the structured solver, but OSQP for a small program
    that is solved once. It does not depend on whether torch is loaded already: the same
    images give the same answer in the window and from the command line.

    Parameters
    ----------
    name
        The setting ``solver.name``.
    variables
        Of the program.
    correction
        Whether the program will be solved again and again, from an earlier answer.
    """
    if name != "auto":
        return name
    if importlib.util.find_spec("torch") is None:
        return "osqp"
    return "structured" if correction or variables >= LARGE else "osqp"


def get_solver(name: str, device: str = "auto") -> Solver:
    """Return a new solver.

    Parameters
    ----------
    name
        One of `SOLVERS`; what ``auto`` stands for is told by `resolve_solver`.
    device
        The setting ``runtime.device``; used by ``structured``.

    Raises
    ------
    ConfigError
        If there is no solver of that name; the message lists those there are.
    SolverError
        If the solver needs a package that is not installed or cannot be loaded.
    """
    if name not in SOLVERS:
        raise ConfigError(describe_unknown("solver", name, SOLVERS))
    return SOLVERS[name](device)

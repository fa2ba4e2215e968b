"""Solvers by name."""

from __future__ import annotations

from collections.abc import Callable

from napari_jcc.errors import ConfigError
from napari_jcc.solvers.dense_solver import DenseSolver
from napari_jcc.solvers.osqp_solver import OsqpSolver
from napari_jcc.solvers.solver import Solver

SOLVERS: dict[str, Callable[[], Solver]] = {"osqp": OsqpSolver, "dense": DenseSolver}


def get_solver(name: str) -> Solver:
    """Return a new solver.

    Raises
    ------
    ConfigError
        If there is no solver of that name; the message lists those there are.
    """
    if name not in SOLVERS:
        raise ConfigError(f"Unknown solver {name!r}. Known: {', '.join(SOLVERS)}.")
    return SOLVERS[name]()

"""Solvers by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from napari_jcc.errors import ConfigError, SolverError
from napari_jcc.solvers.dense_solver import DenseSolver
from napari_jcc.solvers.osqp_solver import OsqpSolver
from napari_jcc.solvers.solver import Solver


def _structured(device: str) -> Solver:
    if importlib.util.find_spec("torch") is None:
        raise SolverError(
            "The solver structured needs torch, which is not installed. Run "
            "`pip install torch`, or set solver.name to osqp."
        )
    # torch takes a second to load, and most uses of the package need none of it.
    from napari_jcc.solvers.structured import StructuredSolver

    return StructuredSolver(device)


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "osqp": lambda device: OsqpSolver(),
    "structured": _structured,
    "dense": lambda device: DenseSolver(),
}
"""Makers of a solver for a device; those that know the processor only ignore it."""


def resolve_solver(name: str, *, correction: bool = False) -> str:
    """Return what the setting ``auto`` stands for, and any other name as it is.

    A run takes OSQP, which needs no torch and no time to load it. Corrections are solved
    again and again: where torch is installed they take the structured solver, which is
    faster, from an earlier answer above all.
    """
    if name != "auto":
        return name
    has_torch = importlib.util.find_spec("torch") is not None
    return "structured" if correction and has_torch else "osqp"


def get_solver(name: str, device: str = "auto") -> Solver:
    """Return a new solver.

    Parameters
    ----------
    name
        One of `SOLVERS`, or ``auto``.
    device
        The setting ``runtime.device``; used by ``structured``.

    Raises
    ------
    ConfigError
        If there is no solver of that name; the message lists those there are.
    SolverError
        If the solver needs a package that is not installed.
    """
    name = resolve_solver(name)
    if name not in SOLVERS:
        raise ConfigError(f"Unknown solver {name!r}. Known: {', '.join(SOLVERS)}.")
    return SOLVERS[name](device)

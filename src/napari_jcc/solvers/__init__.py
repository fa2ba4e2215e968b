"""Solvers: quadratic program in, solution out."""

from napari_jcc.solvers.registry import (
    SOLVERS,
    Solver,
    check_solver,
    get_solver,
    require_solved,
    resolve_solver,
)
from napari_jcc.solvers.solution import Solution, Status

__all__ = [
    "SOLVERS",
    "Solution",
    "Solver",
    "Status",
    "check_solver",
    "get_solver",
    "require_solved",
    "resolve_solver",
]

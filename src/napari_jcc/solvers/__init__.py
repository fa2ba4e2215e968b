"""Solvers: quadratic program in, solution out."""

from napari_jcc.solvers.registry import SOLVERS, check_solver, get_solver, resolve_solver
from napari_jcc.solvers.solution import Solution, Status
from napari_jcc.solvers.solver import Solver, require_solved

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

"""A solver that knows the program's structure; needs torch."""

from napari_jcc.solvers.structured.repair import repair
from napari_jcc.solvers.structured.solver import StructuredSolver

__all__ = ["StructuredSolver", "repair"]

"""A solver that knows the program's structure; needs torch."""

from napari_jcc.solvers.structured.exchange import AcrossProcesses
from napari_jcc.solvers.structured.prepared import PreparedProblem
from napari_jcc.solvers.structured.repair import repair
from napari_jcc.solvers.structured.solver import StructuredSolver

__all__ = ["AcrossProcesses", "PreparedProblem", "StructuredSolver", "repair"]

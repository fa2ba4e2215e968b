"""The joint program restricted to one image, set up once and solved under any fixings."""

from __future__ import annotations

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.config import SolverConfig
from napari_jcc.problem import QuadraticProgram, Variables
from napari_jcc.problem.fixings import Fixings, fix
from napari_jcc.problem.program import restrict_to_image
from napari_jcc.progress import Progress
from napari_jcc.solvers import Solution
from napari_jcc.solvers.osqp_solver import OsqpSolver


class ImageSubproblem:
    """The program over the variables of one image, all others being fixed at a point.

    Parameters
    ----------
    program
        The joint program, without fixings.
    number
        Number of the image in the program.
    x : (V,) float64
        Values of all variables.
    variables
        Index map of the variables of the image alone.
    config
        Settings of the solver.

    Attributes
    ----------
    own, rows
        Indices of the variables and rows of the image in the joint program, ascending.
    """

    def __init__(
        self,
        program: QuadraticProgram,
        number: int,
        x: FloatArray,
        variables: Variables,
        config: SolverConfig,
    ) -> None:
        self.own = np.flatnonzero(program.variable_image == number)
        self.rows = np.flatnonzero(program.row_image == number)
        self._whole, self._number = program, number
        # All of x: where a box has moved, the program may have other variables than x.
        self._x = x
        self._variables, self._config = variables, config
        self._program = restrict_to_image(program, x, self.own, self.rows)
        self._solver: OsqpSolver | None = None

    def matches(self, program: QuadraticProgram, number: int, x: FloatArray) -> bool:
        """Whether the same arguments would make an equal subproblem."""
        same = self._whole is program and self._number == number
        return same and np.array_equal(self._others_in(x), self._others_in(self._x))

    def solve(
        self, fixings: Fixings, warm: Solution | None, progress: Progress | None
    ) -> Solution:
        """Solve the subproblem; fixings are numbered within the image.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        fixed = fix(self._program, self._variables, fixings)
        if self._solver is None:
            self._solver = OsqpSolver()  # quicker than structured on one image
            self._solver.setup(fixed, self._config)
        else:
            self._solver.set_limits(fixed)
        return self._solver.solve(warm, progress)

    def _others_in(self, x: FloatArray) -> FloatArray:
        return np.asarray(x[self._whole.variable_image != self._number])

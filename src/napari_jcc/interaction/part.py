"""One image's part of the joint program, set up once and solved under any fixings."""

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


class ImagePart:
    """The program over one image's variables, all others fixed at a point.

    Parameters
    ----------
    program
        The whole, nothing fixed.
    number
        The image's number in it.
    x : (V,) float64
        The point.
    variables
        Of the image alone.
    config
        Of the solver.

    Attributes
    ----------
    own, rows
        Positions of the image's variables and rows in the whole, ascending.
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
        # As a whole: where a box moved, the program may count other variables than it.
        self._x = x
        self._variables, self._config = variables, config
        self._program = restrict_to_image(program, x, self.own, self.rows)
        self._solver: OsqpSolver | None = None

    def is_of(self, program: QuadraticProgram, number: int, x: FloatArray) -> bool:
        """Whether this is the part that the same arguments would make."""
        same = self._whole is program and self._number == number
        return same and np.array_equal(self._others_in(x), self._others_in(self._x))

    def solve(
        self, fixings: Fixings, warm: Solution | None, progress: Progress | None
    ) -> Solution:
        """Solve the part, with pieces of the image fixed that are counted over it alone.

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

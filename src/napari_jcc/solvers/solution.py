"""The answer of a solver, with residuals and gap computed independently of the solver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from napari_jcc._types import FloatArray, IntArray
from napari_jcc.problem.program import QuadraticProgram


class Status(Enum):
    """Outcome of a solve; the value is the message."""

    SOLVED = "Solved to the tolerance asked for."
    MAX_ITERATIONS = (
        "The solver ran out of iterations. Raise solver.max_iterations, or loosen "
        "solver.tolerance."
    )
    INFEASIBLE = (
        "No answer meets all constraints. Lower problem.area_min or problem.gamma, or "
        "choose another problem.reading."
    )
    UNBOUNDED = "The cost has no minimum; check the features for extreme values."
    NON_CONVEX = (
        "The cost matrix is not positive semidefinite; check the features for extreme "
        "values and costs of your own for negative weights, or lower "
        "discriminative.degrees_of_freedom."
    )
    FAILED = "The solver stopped without an answer."


@dataclass(frozen=True)
class Solution:
    """Primal and dual point of a program.

    Attributes
    ----------
    status : Status
    x : (V,) float64
    row_duals : (M,) float64
        Positive where the upper limit of a row is active, negative where the lower.
    bound_duals : (V,) float64
        Likewise for the bounds.
    iterations
        Steps of the solver.
    setup_seconds, solve_seconds
        Wall time of the factorisation and of the iterations.
    notes
        What went otherwise than asked, such as memory that ran out.
    """

    status: Status
    x: FloatArray
    row_duals: FloatArray
    bound_duals: FloatArray
    iterations: int
    setup_seconds: float
    solve_seconds: float
    notes: tuple[str, ...] = ()

    def of_part(self, variables: IntArray, rows: IntArray) -> Solution:
        """Return the solution restricted to some variables and rows, given by position."""
        return replace(
            self,
            x=self.x[variables],
            row_duals=self.row_duals[rows],
            bound_duals=self.bound_duals[variables],
        )

    def with_part(
        self, part: Solution, variables: IntArray, rows: IntArray | None
    ) -> Solution:
        """Return this solution with the values of `part` for some variables and rows.

        Parameters
        ----------
        part : Solution
            Its status, times and notes are the result's.
        variables : (v,) int64
            Positions of its variables.
        rows : (m,) int64 or None
            Positions of its rows; None: their duals stay.
        """
        x, row_duals, bound_duals = (
            values.copy() for values in (self.x, self.row_duals, self.bound_duals)
        )
        x[variables], bound_duals[variables] = part.x, part.bound_duals
        if rows is not None:
            row_duals[rows] = part.row_duals
        return replace(part, x=x, row_duals=row_duals, bound_duals=bound_duals)

    def objective(self, program: QuadraticProgram) -> float:
        """Cost at x."""
        return program.objective(self.x)

    def primal_residual(self, program: QuadraticProgram) -> float:
        """Largest violation of a row or bound."""
        return program.infeasibility(self.x)

    def dual_residual(self, program: QuadraticProgram) -> float:
        """Largest entry of P x + q + A'y + y_bounds, in units of the cost."""
        gradient = program.multiply(self.x) + program.q
        residual = gradient + program.A.T @ self.row_duals + self.bound_duals
        return float(np.abs(residual).max(initial=0.0))

    def duality_gap(self, program: QuadraticProgram) -> float:
        """Primal minus dual cost, x'Px + q'x + support of the limits at the duals.

        Zero at the optimum. Where a dual points at an open limit its share is dropped:
        the dual residual tells of it.
        """
        value = float(self.x @ program.multiply(self.x) + program.q @ self.x)
        value += _support(self.row_duals, program.l, program.u)
        return value + _support(self.bound_duals, program.lower, program.upper)


def _support(duals: FloatArray, low: FloatArray, high: FloatArray) -> float:
    upper = np.where(np.isfinite(high), high, 0.0)
    lower = np.where(np.isfinite(low), low, 0.0)
    return float(np.maximum(duals, 0.0) @ upper + np.minimum(duals, 0.0) @ lower)

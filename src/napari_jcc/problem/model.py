"""The model sentence: add costs and constraints, then build the program."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray
from napari_jcc.errors import ProblemError
from napari_jcc.problem.constraints import Constraint
from napari_jcc.problem.costs import Cost
from napari_jcc.problem.data import JointData, Variables
from napari_jcc.problem.program import LowRankTerm, QuadraticProgram


class JointModel:
    """Collects costs and constraints over the pieces of a set.

    Parameters
    ----------
    data : JointData
    has_memberships
        Add a variable per pair of a box and a superpixel in it; `BoxMembership` needs
        them.
    only_in_boxes
        Keep superpixels in no box at 0: outside every box is background.
    """

    def __init__(
        self, data: JointData, has_memberships: bool = False, only_in_boxes: bool = True
    ) -> None:
        self.variables = Variables(data, has_memberships)
        self._only_in_boxes = only_in_boxes
        self._costs: list[Cost] = []
        self._constraints: list[Constraint] = []

    def add_cost(self, cost: Cost) -> None:
        """Add a term to the cost."""
        self._costs.append(cost)

    def add_constraint(self, constraint: Constraint) -> None:
        """Add a family of rows."""
        self._constraints.append(constraint)

    def build(self) -> QuadraticProgram:
        """Return the program over all variables, each in [0, 1].

        Raises
        ------
        ProblemError
            If nothing was added, or a cost or row is not finite.
        """
        if not self._costs or not self._constraints:
            raise ProblemError(
                f"The model has {len(self._costs)} costs and {len(self._constraints)} "
                "constraints; it needs at least one of each."
            )
        sparse_cost, low_rank, linear = self._sum_costs()
        rows = [constraint.rows(self.variables) for constraint in self._constraints]
        return QuadraticProgram(
            sparse_cost=sparse_cost,
            low_rank=low_rank,
            q=linear,
            A=sparse.vstack([part.A for part in rows], format="csr"),
            l=np.concatenate([part.l for part in rows]),
            u=np.concatenate([part.u for part in rows]),
            lower=np.zeros(self.variables.count),
            upper=self._upper_bounds(),
            variable_image=self.variables.image,
            row_image=np.concatenate([part.image for part in rows]),
        )

    def _sum_costs(self) -> tuple[sparse.csc_array, tuple[LowRankTerm, ...], FloatArray]:
        count = self.variables.count
        total = sparse.csc_array((count, count))
        linear = np.zeros(count)
        low_rank: list[LowRankTerm] = []
        for cost in self._costs:
            terms = cost.terms(self.variables)
            if terms.sparse is not None:
                total = total + terms.sparse
            if terms.linear is not None:
                linear += terms.linear
            low_rank += terms.low_rank
        return sparse.csc_array(total), tuple(low_rank), linear

    def _upper_bounds(self) -> FloatArray:
        """1 everywhere, but 0 for superpixels in no box where these are background."""
        upper = np.ones(self.variables.count)
        if self._only_in_boxes:
            upper[self.variables.superpixels] = self.variables.data.boxes_per_superpixel > 0
        return upper

r"""Newton steps of the interior-point method, refined until rounding is gone.

The optimality conditions, linearised at a point whose products of slacks and duals are to
become :math:`\tau`, one for every limit and bound:

.. math::
   P\,dx + A'dy + dy_{high} - dy_{low} &= -r_{dual}, & A\,dx - ds &= -r_{primal}, \\
   y_{low}\,dx + (x - lower)\,dy_{low} &= \tau_{low} - (x - lower)\,y_{low}, & \ldots

for the lower bounds, and likewise, with the sign of dx or ds turned for upper ones, for the
other bounds and the limits of the rows, where :math:`y = y_{row\,high} - y_{row\,low}`. All
unknowns follow from dx, and dx from

.. math::
   (P + \mathrm{diag}(d) + A' \Theta A)\,dx
      &= -r_{dual} - bound - A'(\Theta\,r_{primal} + pull), \\
   d &= y_{low} / (x - lower) + y_{high} / (upper - x), \\
   bound &= \tau_{high} / (upper - x) - \tau_{low} / (x - lower) - y_{high} + y_{low}, \\
   \Theta &= y_{row\,low} / (s - l) + y_{row\,high} / (u - s), \\
   pull &= \tau_{row\,high} / (u - s) - \tau_{row\,low} / (s - l) - y.

The duals of equality rows have a proximal term instead, :math:`A\,dx - dy / \Theta =
-r_{primal}` with a constant :math:`\Theta`, and no pull.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_jcc.solvers.structured.point import Point

if TYPE_CHECKING:
    from napari_jcc.solvers.structured.ipm import InteriorPoint


MOST_REFINEMENTS = 8
REFINED = 1e-11
"""Dual residual, in units of the largest linear cost, that needs no refinement."""

SLOW = 0.5
"""Share of the residual that a refinement may leave if another is to follow."""


class Direction:
    """Newton steps from one point, for one target of complementarity after another.

    Parameters
    ----------
    owner
        Knows the program, and has its system factorised for the point.
    point
        Where steps begin.
    dual, primal : (V',), (M',)
        Residuals there, of the gradient of the Lagrangian and of the rows.
    weight : (M',)
        Of the rows, as they were factorised.
    """

    def __init__(
        self,
        owner: InteriorPoint,
        point: Point,
        dual: Tensor,
        primal: Tensor,
        weight: Tensor,
    ) -> None:
        self.owner, self.point, self.weight = owner, point, weight
        self.limits, self.dual, self.primal = owner.limits, dual, primal
        self.below, self.above, self.low, self.high = self.limits.slacks(point)

    def solve(self, targets: tuple[Tensor | float, ...]) -> Point:
        """Step to products of slack and dual nearly equal to the targets.

        Those of the rows' lower and upper limits, (M',), and of the bounds, (V',), or one
        number for all.
        """
        owner, point, limits = self.owner, self.point, self.limits
        row_low, row_high, low, high = targets
        pull = _only(limits.has_high, row_high / self.above)
        pull = pull - _only(limits.has_low, row_low / self.below) - point.y
        pull = torch.where(limits.equal, 0.0, pull)
        bound = (
            _only(limits.free, high / self.high - low / self.low) - point.high + point.low
        )
        right = -self.dual - bound
        right = right - owner.blocks.columns @ (self.weight * self.primal + pull)
        dx = owner.kkt.solve(right)
        ds = owner.blocks.rows @ dx + self.primal
        return Point(
            dx,
            torch.where(limits.equal, 0.0, ds),
            self.weight * ds + pull,
            _only(
                limits.has_low, (row_low - point.row_low * ds) / self.below - point.row_low
            ),
            _only(
                limits.has_high,
                (row_high + point.row_high * ds) / self.above - point.row_high,
            ),
            _only(limits.free, (low - point.low * dx) / self.low - point.low),
            _only(limits.free, (high + point.high * dx) / self.high - point.high),
        )

    def refine(self, step: Point, precision: float) -> Point:
        """Correct what rounding and the proximal term left of the dual equation.

        Active rows multiply the rounding of A dx by their large weights; a correction
        is small, and so is the rounding of its own product. `precision` is in units of
        the largest linear cost.
        """
        owner = self.owner
        enough = precision * owner.size
        left = self._left(step)
        size = owner.largest(left)
        for _ in range(MOST_REFINEMENTS):
            if not size > enough:
                break
            trial = self._corrected(step, left)
            left = self._left(trial)
            before, size = size, owner.largest(left)
            if not size < before:
                break
            step = trial
            if size > SLOW * before:
                break
        return step

    def _left(self, step: Point) -> Tensor:
        """Residual of the dual equation after a step, (V',)."""
        owner, blocks = self.owner, self.owner.blocks
        gradient = owner.gradient(step.x) - blocks.q + blocks.columns @ step.y
        return (-self.dual - gradient - step.high + step.low) * self.limits.free

    def _corrected(self, step: Point, left: Tensor) -> Point:
        owner, point, limits = self.owner, self.point, self.limits
        dx = owner.kkt.solve(left)
        ds = owner.blocks.rows @ dx
        return Point(
            step.x + dx,
            step.s + torch.where(limits.equal, 0.0, ds),
            step.y + self.weight * ds,
            step.row_low - _only(limits.has_low, point.row_low * ds / self.below),
            step.row_high + _only(limits.has_high, point.row_high * ds / self.above),
            step.low - _only(limits.free, point.low * dx / self.low),
            step.high + _only(limits.free, point.high * dx / self.high),
        )


def _only(where: Tensor, value: Tensor) -> Tensor:
    """Return the value where a limit or bound is, 0 elsewhere."""
    return torch.where(where, value, 0.0)

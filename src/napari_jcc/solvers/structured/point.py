"""Iterates of the interior-point method, and how good they are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass
class Point:
    """Primal and dual iterate in flat vectors.

    Attributes
    ----------
    x : (V',)
    s : (M',)
        Copy of A x, strictly within the limits of inequality rows.
    y : (M',)
        Duals of the rows, upper minus lower.
    row_low, row_high : (M',)
        Duals of the limits, positive.
    low, high : (V',)
        Duals of the bounds, positive.
    """

    x: Tensor
    s: Tensor
    y: Tensor
    row_low: Tensor
    row_high: Tensor
    low: Tensor
    high: Tensor

    def moved(self, step: Point, length: Tensor) -> Point:
        """Return the point after a step times `length`, a single number.

        One length for all: with a quadratic cost the dual residual needs it.
        """
        return Point(
            self.x + length * step.x,
            self.s + length * step.s,
            self.y + length * step.y,
            self.row_low + length * step.row_low,
            self.row_high + length * step.row_high,
            self.low + length * step.low,
            self.high + length * step.high,
        )


@dataclass(frozen=True)
class IpmResult:
    """Last iterate, and how good it is in the scaled cost.

    `products` is the sum of those of slacks and duals, which the optimum has at 0.
    """

    point: Point
    iterations: int
    primal_residual: float
    dual_residual: float
    gap: float
    products: float
    solved: bool = False
    stuck: bool = False

    @property
    def worst(self) -> float:
        """Largest of the residuals and the relative gap."""
        return max(self.primal_residual, self.dual_residual, self.gap)

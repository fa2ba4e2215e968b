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

    def moved(self, step: Point, along: Tensor, rows: Tensor) -> Point:
        """Return the point after shares of a step, of variables (V',) and of rows (M',)."""
        return Point(
            self.x + along * step.x,
            self.s + rows * step.s,
            self.y + rows * step.y,
            self.row_low + rows * step.row_low,
            self.row_high + rows * step.row_high,
            self.low + along * step.low,
            self.high + along * step.high,
        )


@dataclass(frozen=True)
class IpmResult:
    """Last iterate, and how good it is in the scaled cost."""

    point: Point
    iterations: int
    primal_residual: float
    dual_residual: float
    gap: float
    solved: bool = False
    stuck: bool = False

    @property
    def worst(self) -> float:
        """Largest of the residuals and the relative gap."""
        return max(self.primal_residual, self.dual_residual, self.gap)

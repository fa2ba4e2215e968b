"""Limits of rows and bounds of variables: slacks, and how far a step may go."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.solvers.structured.blocks import Blocks
from napari_jcc.solvers.structured.point import Point

ABSENT = 1e30
"""In place of an infinite limit: products with it must stay finite."""

TINY = 1e-300
"""In place of a divisor of 0."""


class Limits:
    """Which rows and variables have limits on which side.

    Parameters
    ----------
    blocks : Blocks

    Attributes
    ----------
    free : (V',) bool
        Variables that may move; only they have slacks.
    equal, has_low, has_high : (M',) bool
        Equality rows, and inequality rows with a lower and with an upper limit.
    target : (M',)
        Right side of equality rows, 0 elsewhere.
    low, high : (M',)
        Limits of inequality rows.
    """

    def __init__(self, blocks: Blocks) -> None:
        low, high = blocks.row_lower, blocks.row_upper
        self.free = blocks.free
        self.equal = low == high
        self.has_low = torch.isfinite(low) & ~self.equal
        self.has_high = torch.isfinite(high) & ~self.equal
        self.target = torch.where(self.equal, low, 0.0)
        self.low = torch.where(self.has_low, low, -ABSENT)
        self.high = torch.where(self.has_high, high, ABSENT)
        self._bounds = blocks.lower, blocks.upper

    def counts(self) -> tuple[Tensor, Tensor]:
        """Return the number of slacks of every variable, (V',), and row, (M',)."""
        return 2.0 * self.free, self.has_low.double() + self.has_high.double()

    def slacks(self, point: Point) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Distances to the rows' lower and upper limits, and to the bounds likewise."""
        lower, upper = self._bounds
        return (
            point.s - self.low,
            self.high - point.s,
            torch.where(self.free, point.x - lower, 1.0),
            torch.where(self.free, upper - point.x, 1.0),
        )

    def products(self, point: Point) -> tuple[Tensor, Tensor]:
        """Products of slacks and duals, of both bounds, (V',), and both limits, (M',)."""
        below, above, low, high = self.slacks(point)
        return (
            low * point.low + high * point.high,
            below * point.row_low + above * point.row_high,
        )

    def falls(self, point: Point, step: Point) -> tuple[Tensor, Tensor]:
        """Largest share that a whole step takes of a slack or dual, (V',) and (M',)."""
        below, above, low, high = self.slacks(point)
        along = [
            -step.x / low,
            step.x / high,
            _fall(point.low, step.low),
            _fall(point.high, step.high),
        ]
        of_rows = [
            torch.where(self.has_low, -step.s / below, 0.0),
            torch.where(self.has_high, step.s / above, 0.0),
            _fall(point.row_low, step.row_low),
            _fall(point.row_high, step.row_high),
        ]
        return torch.stack(along).amax(0), torch.stack(of_rows).amax(0)


def _fall(value: Tensor, change: Tensor) -> Tensor:
    """Share of a positive value that a step takes away; 0 where the value is absent."""
    return torch.where(value > 0, -change / value.clamp_min(TINY), 0.0)

"""Quality of the iterates of operator splitting, and certificates of infeasibility."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_jcc.solvers.structured.blocks import Blocks, largest, multiply
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.inside import point_inside
from napari_jcc.solvers.structured.repair import pull_inside
from napari_jcc.solvers.structured.weights import row_numbers

FEASIBLE_SHARE = 0.02
"""Primal residual asked for, as a share of the relative gap asked for."""

GAP_SHARE = 0.5
"""Gap asked for; the repair of what is left of the residual takes the rest."""

CERTIFICATE = 1e-4
"""Distance between rows and bounds along scaled duals that no rounding explains."""


@dataclass(frozen=True)
class State:
    """One step's points: x, A x, their copies z and v within the limits, and duals."""

    x: Tensor
    activity: Tensor
    z: Tensor
    v: Tensor
    y: Tensor
    bound: Tensor


class Judge:
    """Measures iterates against bounds that hold whatever the duals are.

    Parameters
    ----------
    blocks : Blocks
    exchange
        Sums over images held elsewhere.
    weights : (M',), (V',)
        Of rows and of bounds, without rho.
    free : (V',) bool
        Variables of the system.
    """

    def __init__(
        self,
        blocks: Blocks,
        exchange: Exchange,
        weights: tuple[Tensor, Tensor],
        free: Tensor,
    ) -> None:
        self.blocks, self.exchange, self.free = blocks, exchange, free
        self.w, self.d = weights
        square = torch.zeros_like(self.w).index_add(
            0, row_numbers(blocks), blocks.rows.values() ** 2
        )
        self.row_norm = square.sqrt().clamp_min(1.0)

    def quality(self, state: State) -> tuple[float, float]:
        """Relative gap or scaled primal residual, the worse; and how to change rho.

        The gap is against a bound that holds whatever the duals are, so it needs no
        dual residual beside it, which single precision could not bring down.
        """
        blocks = self.blocks
        product = multiply(blocks, self.exchange, state.x)
        pull = blocks.columns @ state.y
        off_rows, off_bounds = state.activity - state.z, state.x - state.v
        worst_row, worst_bound, steepest = self.exchange.largest(
            torch.stack(
                [largest(off_rows / self.row_norm), largest(off_bounds), largest(blocks.q)]
            )
        ).tolist()
        slope = multiply(blocks, self.exchange, state.v) + blocks.q + pull
        left = (product + blocks.q + pull + state.bound) * self.free
        root_w, root_d = self.w.sqrt(), self.d.sqrt()
        forces = [(part / root_d).square().sum() for part in (product, pull)]
        cost, gap, off, size, force_left, force = self.exchange.total(
            torch.stack(
                [
                    0.5 * state.v @ (slope + blocks.q - pull),
                    self._gap(state, slope),
                    (off_rows * root_w).square().sum()
                    + (off_bounds * root_d).square().sum(),
                    (state.v * root_d).square().sum(),
                    (left / root_d).square().sum(),
                    torch.stack(forces).max(),
                ]
            )
        ).tolist()
        worth = max(abs(cost), 1e-3 * max(steepest, 1.0))
        residual = max(worst_row, worst_bound) / FEASIBLE_SHARE
        primal = max(off / max(size, 1e-12), 1e-30)
        dual = max(force_left / max(force, 1e-12), 1e-30)
        return max(residual, abs(gap) / worth / GAP_SHARE), (primal / dual) ** 0.25

    def _gap(self, state: State, slope: Tensor) -> Tensor:
        """Cost at v minus the bound that the duals of the rows prove there."""
        along = state.v @ (slope - self.blocks.columns @ state.y)
        return along - proved(self.blocks, slope, state.y)

    def is_certificate(self, change: Tensor) -> bool:
        """Whether the change of the duals separates the rows from all x in the bounds.

        Where a point meets the rows, dy'A x is at most the support of the limits at dy. If
        the least of dy'A x within the bounds is above that, there is none (Farkas).
        """
        blocks = self.blocks
        size = float(self.exchange.largest(largest(change)[None]))
        if size <= 0:
            return False
        change = change / size
        change = torch.where(torch.isfinite(blocks.row_upper), change, change.clamp_max(0))
        change = torch.where(torch.isfinite(blocks.row_lower), change, change.clamp_min(0))
        distance = proved(blocks, blocks.columns @ change, change)
        return float(self.exchange.total(distance[None])) > CERTIFICATE


@dataclass(frozen=True)
class Repaired:
    """A feasible point, and how good it is.

    Attributes
    ----------
    x : (V',)
    gradient : (V',)
        Of the cost there.
    quality
        Gap between its cost and the least that the duals prove, relative to the cost, or
        a scaled violation, the worse. Only images without room between their limits, as
        marks may leave them, stay violated.
    gap
        The gap in the scaled cost; below the bound, which only a violation allows, what
        that is worth.
    """

    x: Tensor
    gradient: Tensor
    quality: float
    gap: float


class RepairedGap:
    """Cost of the repaired point against the bound that the duals prove."""

    def __init__(self, blocks: Blocks, exchange: Exchange) -> None:
        self.blocks, self.exchange = blocks, exchange
        self.inner = point_inside(blocks)

    def measure(self, x: Tensor, y: Tensor) -> Repaired:
        """Repair a point, and bound its cost by itself and the duals of rows."""
        blocks = self.blocks
        feasible = pull_inside(blocks, x, self.inner)
        curved = multiply(blocks, self.exchange, feasible)
        gradient = curved + blocks.q
        least = proved(blocks, gradient + blocks.columns @ y, y)
        values = torch.stack(
            [
                feasible @ (0.5 * curved + blocks.q),
                least - 0.5 * feasible @ curved,
            ]
        )
        cost, bound = self.exchange.total(values).tolist()
        activity = blocks.rows @ feasible
        lack = torch.maximum(blocks.row_lower - activity, activity - blocks.row_upper)
        violation, size = self.exchange.largest(
            torch.stack([largest(lack.clamp_min(0.0)), largest(blocks.q)])
        ).tolist()
        worth = max(abs(cost), 1e-3 * max(size, 1.0))
        gap = cost - bound
        quality = max(gap / worth, violation / FEASIBLE_SHARE)
        return Repaired(feasible, gradient, quality, gap if gap > 0 else quality * worth)


def proved(blocks: Blocks, slope: Tensor, y: Tensor) -> Tensor:
    """Least of slope'x within the bounds, minus the support of the rows' limits at y.

    Duals, (M',), that point at an open limit count as 0.
    """
    least = torch.minimum(slope * blocks.lower, slope * blocks.upper).sum()
    high = torch.where(torch.isfinite(blocks.row_upper), blocks.row_upper, 0.0)
    low = torch.where(torch.isfinite(blocks.row_lower), blocks.row_lower, 0.0)
    return least - y.clamp_min(0.0) @ high - y.clamp_max(0.0) @ low

"""Factorised matrices of all images of a group."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_jcc.errors import SolverError
from napari_jcc.solvers.structured.blocks import GroupBlocks
from napari_jcc.solvers.structured.layout import COUPLING, DENSE, INTERIOR, LIGHT, THIN

SMALLEST_WEIGHT = 1e-20
"""Weight of an open coupling row, whose inverse is needed."""


class NotPositive(SolverError):
    """The matrix has a direction of negative curvature: the cost is not convex."""


@dataclass
class ThinFactor:
    """What eliminating the thin variables of a group leaves.

    Attributes
    ----------
    diagonal : (B, t)
    cross : (B, t, b)
        Thin variables against border variables.
    value : (T,)
        Coupling rows on the free thin variables.
    reduced : (B, c, core)
        Coupling rows after elimination.
    factor : (B, c, c)
        Cholesky factor of the coupling rows' own matrix.
    failed : (B,)
        Above 0 where there is none.
    """

    diagonal: Tensor
    cross: Tensor
    value: Tensor
    reduced: Tensor
    factor: Tensor
    failed: Tensor


class BlockFactor:
    """Factorised B_k of all images of a group, for weights d and Theta.

    `failed`, (B,), is above 0 where a B_k is not positive definite: it has no factor then.
    """

    def __init__(
        self, part: GroupBlocks, diagonal: Tensor, weight: Tensor, free: Tensor
    ) -> None:
        self.part = part
        self.free = free[:, : part.group.core]
        self.all_free = free
        matrix, across = self._add_rows(diagonal, weight)
        self.thin = None
        if part.group.sizes[THIN]:
            self.thin = self._eliminate_thin(matrix, across, diagonal, weight, free)
        matrix *= self.free[:, :, None]
        matrix *= self.free[:, None, :]
        matrix.diagonal(dim1=1, dim2=2).add_(1 - self.free)
        self.factor, self.failed = torch.linalg.cholesky_ex(matrix)
        if self.thin is not None:
            self.failed = self.failed + self.thin.failed

    def __getstate__(self) -> dict[str, object]:
        """Leave out the matrices, which are kept on their own; whoever loads sets them."""
        return {name: value for name, value in vars(self).items() if name != "part"}

    def _add_rows(self, diagonal: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """S + d + A' Theta A on the core; the pivots' squares end `across`."""
        part = self.part
        a, b, _ = part.group.sizes
        core, count = part.group.core, part.count
        dense, light, _ = torch.split(weight, list(part.group.rows), dim=1)
        matrix = diagonal.new_zeros(count, core, core)
        matrix.view(-1).index_add_(0, part.cost_place, part.cost_value)
        matrix.diagonal(dim1=1, dim2=2).add_(diagonal[:, :core])
        if part.group.rows[DENSE]:
            matrix.baddbmm_((part.dense * dense[:, :, None]).mT, part.dense)
        width = diagonal.shape[1]
        across = diagonal.new_zeros(count, width, b + 1)
        if part.group.rows[LIGHT]:
            start = torch.arange(count, device=part.pivot.device)[:, None] * width
            scaled = light * part.pivot_value
            rows = torch.cat([part.light, part.pivot_value[:, :, None]], dim=2)
            across.view(-1, b + 1).index_add_(
                0,
                (part.pivot + start).view(-1),
                (rows * scaled[:, :, None]).view(-1, b + 1),
            )
            left = self._left_of_thin(diagonal, light)
            matrix[:, a:, a:].baddbmm_((part.light * left[:, :, None]).mT, part.light)
            matrix[:, a:, :a] += across[:, :a, :b].mT
            matrix[:, :a, a:] += across[:, :a, :b]
            matrix.diagonal(dim1=1, dim2=2)[:, :a] += across[:, :a, b]
        return matrix, across

    def _left_of_thin(self, diagonal: Tensor, light: Tensor) -> Tensor:
        """Weights of light rows on the border once their thin variable is eliminated.

        Theta - Theta^2 c^2 / (d + Theta c^2), written without the difference, which
        would lose all digits where the row is active. A thin variable has one light row.
        """
        part = self.part
        core = part.group.core
        if not part.group.sizes[THIN]:
            return light
        is_thin = part.pivot >= core
        at = torch.where(is_thin, part.pivot, 0)
        own, free = diagonal.gather(1, at), self.all_free.gather(1, at)
        left = light * own / (own + light * part.pivot_value**2).clamp_min(1e-300)
        return torch.where(is_thin & (free > 0), left, light)

    def _eliminate_thin(
        self, matrix: Tensor, across: Tensor, diagonal: Tensor, weight: Tensor, free: Tensor
    ) -> ThinFactor:
        """Eliminate the free thin variables, and coupling rows with them, from `matrix`.

        With D the diagonal of thin variables, X their entries with the border, and C and V
        the coupling rows on core and thin variables, R = C - V D^-1 X is left of the rows,
        and R' (Theta^-1 + V D^-1 V')^-1 R is added. X' D^-1 X is in `_left_of_thin`.
        """
        part = self.part
        a, b, _ = part.group.sizes
        core, c = part.group.core, part.group.rows[COUPLING]
        free_thin = free[:, core:]
        own = torch.where(free_thin > 0, diagonal[:, core:] + across[:, core:, b], 1.0)
        cross = across[:, core:, :b] * free_thin[:, :, None]
        value = part.thin_value * free_thin.reshape(-1)[part.thin_variable]
        share = value / own.reshape(-1)[part.thin_variable]
        reduced = part.coupling.clone()
        correction = cross.new_zeros(part.count * c, b)
        correction.index_add_(
            0, part.thin_row, share[:, None] * cross.flatten(0, 1)[part.thin_variable]
        )
        reduced[:, :, a:] -= correction.view(part.count, c, b)
        inverse = 1.0 / weight[:, part.group.rows_of(COUPLING)].clamp_min(SMALLEST_WEIGHT)
        square = torch.diag_embed(inverse)
        open_pair = (
            free_thin.reshape(-1)[part.pair_variable] / own.reshape(-1)[part.pair_variable]
        )
        square.view(-1).index_add_(0, part.pair_place, part.pair_value * open_pair)
        factor, failed = torch.linalg.cholesky_ex(square)
        half = torch.linalg.solve_triangular(factor, reduced, upper=False)
        matrix.baddbmm_(half.mT, half)
        return ThinFactor(own, cross, value, reduced, factor, failed)

    def capacitance(self) -> tuple[Tensor, Tensor, Tensor]:
        """F'B^-1F of the group: interior, interior x border, and border part."""
        part = self.part
        a = part.group.sizes[INTERIOR]
        free = self.free[:, :, None]
        upper = _solve_lower(self.factor[:, :a, :a], part.interior_factor * free[:, :a])
        corner = self.factor[:, a:, a:]
        below = _solve_lower(corner, self.factor[:, a:, :a] @ upper)
        border = _solve_lower(corner, part.border_factor * free[:, a:])
        inside, at_border = _places(self.free[:, :a]), _places(self.free[:, a:])
        flat_upper = _rows_of(upper, inside)
        flat_below, flat_border = _rows_of(below, at_border), _rows_of(border, at_border)
        interior = flat_upper.T @ flat_upper + flat_below.T @ flat_below
        return interior, -flat_below.T @ flat_border, flat_border.T @ flat_border

    def solve(self, right: Tensor) -> Tensor:
        """B^-1 right, (B, variables)."""
        core = self.part.group.core
        if self.thin is None:
            return torch.cholesky_solve(right[:, :, None], self.factor)[:, :, 0]
        thin, part = self.thin, self.part
        a = part.group.sizes[INTERIOR]
        c = part.group.rows[COUPLING]
        scaled = right[:, core:] / thin.diagonal
        pushed = scaled.new_zeros(part.count * c)
        pushed.index_add_(
            0, part.thin_row, thin.value * scaled.reshape(-1)[part.thin_variable]
        )
        row_right = torch.cholesky_solve(-pushed.view(part.count, c, 1), thin.factor)
        inner = right[:, :core].clone()
        inner[:, a:] -= (thin.cross.mT @ scaled[:, :, None])[:, :, 0]
        inner += (thin.reduced.mT @ row_right)[:, :, 0]
        inner *= self.free
        x = torch.cholesky_solve(inner[:, :, None], self.factor)
        dual = torch.cholesky_solve(thin.reduced @ x, thin.factor) - row_right
        pulled = scaled.new_zeros(scaled.numel())
        pulled.index_add_(
            0, part.thin_variable, thin.value * dual.reshape(-1)[part.thin_row]
        )
        back = (thin.cross @ x[:, a:])[:, :, 0] + pulled.view_as(scaled)
        return torch.cat([x[:, :, 0], scaled - back / thin.diagonal], dim=1)


def _solve_lower(factor: Tensor, right: Tensor) -> Tensor:
    """L^-1 right, with rows of the result side by side in memory."""
    upper: Tensor = torch.linalg.solve_triangular(
        factor.mT, right.mT, upper=True, left=False
    )
    return upper.mT


def _places(kept: Tensor) -> Tensor:
    """Positions of what is not zero, counted over the images."""
    return kept.flatten().nonzero()[:, 0]


def _rows_of(matrix: Tensor, places: Tensor) -> Tensor:
    """Rows of all images; without those left out, which are zero, where it saves work."""
    flat = matrix.flatten(0, 1)
    return flat if len(places) == len(flat) else flat[places]

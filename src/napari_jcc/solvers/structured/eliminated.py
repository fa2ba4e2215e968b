"""Images of a group once their stiff variables are eliminated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from napari_jcc.solvers.structured.block_factor import SMALLEST_WEIGHT
from napari_jcc.solvers.structured.blocks import GroupBlocks
from napari_jcc.solvers.structured.layout import INTERIOR


@dataclass(frozen=True)
class Entries:
    """Entries of S between core variables: their rows and columns, counted over images."""

    row: Tensor
    column: Tensor

    @classmethod
    def of(cls, part: GroupBlocks) -> Entries:
        """Split the positions in (B, core, core)."""
        core = part.group.core
        row = part.cost_place // core
        return cls(row, part.cost_place % core + row // core * core)


@dataclass(frozen=True)
class Cut:
    """Which interior variables of a group stay.

    Attributes
    ----------
    kept : (B, a') int64
        Interior variables that stay.
    place : (B, a) int64
        Where each went; a' for those that left.
    gone : (B, a) bool
        Variables that are eliminated: free, but not kept.
    """

    kept: Tensor
    place: Tensor
    gone: Tensor

    @classmethod
    def choose(cls, part: GroupBlocks, free: Tensor, stiff: Tensor) -> Cut:
        """Keep the free variables that are not stiff, at least one, as many everywhere.

        Those of several light rows stay, too: to eliminate one would tie its rows to each
        other, and of a light row the weight alone is changed.
        """
        a = part.group.sizes[INTERIOR]
        lights = torch.zeros_like(free, dtype=torch.int64)
        lights.scatter_add_(1, part.pivot, (part.pivot_value != 0).long())
        free, stays = free[:, :a], (free & (~stiff | (lights > 1)))[:, :a]
        width = max(1, int(stays.sum(dim=1).max()))
        kept = torch.argsort(~stays, dim=1, stable=True)[:, :width]
        place = torch.full(stays.shape, width, device=free.device)
        order = torch.arange(width, device=free.device)
        place.scatter_(1, kept, order.expand(len(kept), -1))
        return cls(kept, place, free & (place == width))

    def places(self, part: GroupBlocks) -> Tensor:
        """Positions of the variables that stay in the flat vector of all."""
        a, total = part.group.sizes[INTERIOR], sum(part.group.sizes)
        start = part.group.first_variable + total * torch.arange(
            part.count, device=self.kept.device
        )
        rest = torch.arange(a, total, device=self.kept.device).expand(part.count, -1)
        return (torch.cat([self.kept, rest], dim=1) + start[:, None]).view(-1)


@dataclass
class Eliminated:
    """What was eliminated from the images of a group, and what it leaves.

    With the duals of the dense rows as unknowns, all that is left of an eliminated
    variable is its own curvature and its one light row.

    Attributes
    ----------
    cut : Cut
    inverse : (B, a)
        1 / curvature of the variables that are eliminated, 0 for the others.
    cross : (B, a, b)
        Their light rows against the border.
    reduced : (B, d, core)
        Dense rows on what stays, after elimination.
    factor : (B, d, d)
        Cholesky factor of the dense rows' own matrix.
    weight : (B, rows)
        Weights of the rows that are left; those of dense ones are in `factor`.
    """

    cut: Cut
    inverse: Tensor
    cross: Tensor
    reduced: Tensor
    factor: Tensor
    weight: Tensor

    @classmethod
    def of(cls, part: GroupBlocks, cut: Cut, own: Tensor, weight: Tensor) -> Eliminated:
        """Eliminate, for the diagonal `own` of S + d, (B, variables), and rows' weights."""
        a = part.group.sizes[INTERIOR]
        dense, light, _ = torch.split(weight, list(part.group.rows), dim=1)
        pivot = torch.where(part.pivot < a, part.pivot, 0)
        gone = (part.pivot < a) & cut.gone.gather(1, pivot)
        pull = light * part.pivot_value * gone
        curvature = own[:, :a].scatter_add(1, pivot, pull * part.pivot_value)
        inverse = cut.gone / torch.where(cut.gone, curvature, 1.0)
        cross = _add_up(pivot, part.light * pull[:, :, None], a)
        # Theta - Theta^2 c^2 / (d + Theta c^2), without the difference of like numbers.
        bare = own.gather(1, pivot)
        left = torch.where(gone, light * bare / (bare + pull * part.pivot_value), light)
        away = part.dense[:, :, :a] * inverse[:, None, :]
        reduced = part.dense.clone()
        reduced[:, :, :a] *= (cut.place < cut.kept.shape[1])[:, None, :]
        reduced[:, :, a:] -= away @ cross
        square = away @ part.dense[:, :, :a].mT
        square.diagonal(dim1=1, dim2=2).add_(1.0 / dense.clamp_min(SMALLEST_WEIGHT))
        # What is not finite fails in the factor of the rest.
        factor, _ = torch.linalg.cholesky_ex(square)
        rows = torch.cat([torch.ones_like(dense), left], dim=1)
        return cls(cut, inverse, cross, reduced, factor, rows)

    def shrink(
        self, part: GroupBlocks, entries: Entries, first_variable: int
    ) -> GroupBlocks:
        """Return the group's matrices on the variables that stay."""
        kept = self.cut.kept
        a, b, _ = part.group.sizes
        width, rank = kept.shape[1], part.interior_factor.shape[2]
        place, value = self._cost(part, entries)
        columns = kept[:, None, :].expand(-1, self.reduced.shape[1], -1)
        dense = torch.cat([self.reduced.gather(2, columns), self.reduced[:, :, a:]], dim=2)
        border = torch.arange(width, width + b, device=kept.device).expand(part.count, -1)
        pivot = torch.cat([self.cut.place, border], dim=1).gather(1, part.pivot)
        lost = (part.pivot < a) & (pivot == width)
        start = a * torch.arange(part.count, device=kept.device)[:, None]
        rows = part.interior_factor.flatten(0, 1).index_select(0, (kept + start).view(-1))
        return replace(
            part,
            group=replace(part.group, sizes=(width, b, 0), first_variable=first_variable),
            cost_place=place,
            cost_value=value,
            dense=torch.linalg.solve_triangular(self.factor, dense, upper=False),
            pivot=torch.where(lost, 0, pivot),
            pivot_value=torch.where(lost, 0.0, part.pivot_value),
            interior_factor=rows.view(part.count, width, rank),
        )

    def _cost(self, part: GroupBlocks, entries: Entries) -> tuple[Tensor, Tensor]:
        """Entries of S between variables that stay."""
        width = self.cut.kept.shape[1]
        inner = width + part.group.sizes[1]
        start = inner * torch.arange(part.count, device=self.cut.kept.device)[:, None]
        border = torch.arange(width, inner, device=start.device) + start
        inside = torch.where(self.cut.place < width, self.cut.place + start, -1)
        place = torch.cat([inside, border], dim=1).view(-1)
        row, column = place[entries.row], place[entries.column]
        stays = ((row >= 0) & (column >= 0)).nonzero()[:, 0]
        row, column = row[stays], column[stays]
        return row * inner + column % inner, part.cost_value[stays]

    def push(self, part: GroupBlocks, right: Tensor) -> tuple[Tensor, Tensor]:
        """Bring the right side of what is eliminated to the rest, (B, variables), in place.

        Returns what `pull` needs: the eliminated variables, and the dense rows' duals,
        while the rest is zero.
        """
        a = part.group.sizes[INTERIOR]
        alone = right[:, :a] * self.inverse
        activity = _times(part.dense[:, :, :a], alone)
        dual = torch.cholesky_solve(activity[:, :, None], self.factor)[:, :, 0]
        right[:, a:] -= _times(self.cross.mT, alone)
        right -= _times(self.reduced.mT, dual)
        return alone, dual

    def pull(self, part: GroupBlocks, x: Tensor, pushed: tuple[Tensor, Tensor]) -> None:
        """Set what was eliminated, given the rest, (B, variables), in place."""
        a = part.group.sizes[INTERIOR]
        alone, dual = pushed
        activity = _times(self.reduced, x)
        dual = dual + torch.cholesky_solve(activity[:, :, None], self.factor)[:, :, 0]
        back = _times(self.cross, x[:, a:]) + _times(part.dense[:, :, :a].mT, dual)
        value = alone - self.inverse * back
        x[:, :a] = torch.where(self.cut.gone, value, x[:, :a])


def _times(matrix: Tensor, vector: Tensor) -> Tensor:
    """Products of matrices, (B, m, n), and vectors, (B, n), as of a row and a transpose.

    That takes a fifth of the time of batches of products with a column.
    """
    return (vector[:, None, :] @ matrix.mT)[:, 0]


def _add_up(place: Tensor, rows: Tensor, count: int) -> Tensor:
    """Sum rows, (B, l, b), that go to the same place, (B, l), into (B, count, b)."""
    batch, _, width = rows.shape
    start = count * torch.arange(batch, device=place.device)[:, None]
    result = rows.new_zeros(batch * count, width)
    result.index_add_(0, (place + start).flatten(), rows.flatten(0, 1))
    return result.view(batch, count, width)

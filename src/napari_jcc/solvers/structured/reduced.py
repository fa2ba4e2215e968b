"""The systems of a program on its free variables alone, in smaller batches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from napari_jcc.solvers.structured.blocks import Blocks, GroupBlocks
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.kkt import KktSystem
from napari_jcc.solvers.structured.layout import INTERIOR


class ReducedSystem:
    r"""Solves with :math:`P + \mathrm{diag}(d) + A' \Theta A` on some variables.

    Interior variables that are not free leave the matrices, so that an image costs what
    its free variables ask; border and thin ones stay and are masked.

    Parameters
    ----------
    blocks : Blocks
    exchange
        Sums over images held elsewhere.
    free : (V',) bool
        Variables of the system.
    """

    def __init__(self, blocks: Blocks, exchange: Exchange, free: Tensor) -> None:
        parts: list[GroupBlocks] = []
        places: list[Tensor] = []
        first = 0
        for part in blocks.parts:
            cut = _Cut.choose(part, part.view(free))
            parts.append(cut.shrink(part, first))
            first = parts[-1].group.variables.stop
            places.append(cut.places(part))
        self._places = torch.cat(places)
        layout = replace(blocks.layout, groups=tuple(part.group for part in parts))
        self._blocks = replace(
            blocks,
            layout=layout,
            parts=parts,
            cost_diagonal=blocks.cost_diagonal[self._places],
        )
        self._free = free[self._places]
        self._system = KktSystem(self._blocks, exchange)

    def factorise(self, diagonal: Tensor, weight: Tensor) -> None:
        """Factorise for weights of variables, (V',), and of rows, (M',).

        Raises
        ------
        NotPositive
            If the matrix is not positive definite even with regularisation.
        """
        self._system.factorise(diagonal[self._places], weight, self._free)

    def solve(self, right: Tensor) -> Tensor:
        """Return the solution on the free variables, zero on the others, (V',)."""
        result = torch.zeros_like(right)
        # Padding repeats places that are not free, with zeros.
        answer = self._system.solve(right[self._places], refinements=0)
        return result.index_add_(0, self._places, answer)


@dataclass(frozen=True)
class _Cut:
    """Which interior variables of a group stay.

    Attributes
    ----------
    kept : (B, a') int64
        Interior variables that stay, those not free coming last.
    place : (B, a) int64
        Where each went; a' for those that left.
    """

    kept: Tensor
    place: Tensor

    @classmethod
    def choose(cls, part: GroupBlocks, free: Tensor) -> _Cut:
        inside = free[:, : part.group.sizes[INTERIOR]]
        width = int(inside.sum(dim=1).max()) if inside.numel() else 0
        kept = torch.argsort(~inside, dim=1, stable=True)[:, :width]
        place = torch.full(inside.shape, width, device=free.device)
        order = torch.arange(width, device=free.device)
        place.scatter_(1, kept, order.expand(len(kept), -1))
        return cls(kept, place)

    def places(self, part: GroupBlocks) -> Tensor:
        """Positions of the variables that stay in the flat vector of all."""
        a, total = part.group.sizes[INTERIOR], sum(part.group.sizes)
        start = part.group.first_variable + total * torch.arange(
            part.count, device=self.kept.device
        )
        rest = torch.arange(a, total, device=self.kept.device).expand(part.count, -1)
        return (torch.cat([self.kept, rest], dim=1) + start[:, None]).view(-1)

    def shrink(self, part: GroupBlocks, first_variable: int) -> GroupBlocks:
        """Return the group's matrices on the variables that stay."""
        a, b, thin = part.group.sizes
        width = self.kept.shape[1]
        group = replace(part.group, sizes=(width, b, thin), first_variable=first_variable)
        place, value = self._cost(part)
        pivot = torch.where(
            part.pivot < a,
            self.place.gather(1, part.pivot.clamp_max(max(a - 1, 0))) if a else part.pivot,
            part.pivot - a + width,
        )
        gone = (part.pivot < a) & (pivot == width)
        rows = self.kept[:, :, None].expand(-1, -1, part.interior_factor.shape[2])
        return replace(
            part,
            group=group,
            cost_place=place,
            cost_value=value,
            dense=self._columns(part.dense),
            pivot=torch.where(gone, 0, pivot),
            pivot_value=torch.where(gone, 0.0, part.pivot_value),
            coupling=self._columns(part.coupling),
            interior_factor=part.interior_factor.gather(1, rows),
        )

    def _columns(self, matrix: Tensor) -> Tensor:
        """Interior columns that stay, and all of the border, of (B, rows, core)."""
        kept = self.kept[:, None, :].expand(-1, matrix.shape[1], -1)
        a = self.place.shape[1]
        return torch.cat([matrix.gather(2, kept), matrix[:, :, a:]], dim=2)

    def _cost(self, part: GroupBlocks) -> tuple[Tensor, Tensor]:
        """Entries of S between variables that stay."""
        core, a, width = part.group.core, self.place.shape[1], self.kept.shape[1]
        b = part.group.sizes[1]
        border = torch.arange(width, width + b, device=self.place.device)
        place = torch.cat([self.place, border.expand(part.count, -1)], dim=1)
        # A border variable's place is never the one that marks those that left.
        gone = torch.cat(
            [self.place == width, torch.zeros_like(place[:, a:], dtype=torch.bool)], 1
        )
        line = part.cost_place // core
        batch, column = line // core, part.cost_place % core
        at_row, at_column = line, batch * core + column
        stay = ~(gone.view(-1)[at_row] | gone.view(-1)[at_column])
        place = place.view(-1)
        inner = width + b
        new = (batch * inner + place[at_row]) * inner + place[at_column]
        return new[stay], part.cost_value[stay]

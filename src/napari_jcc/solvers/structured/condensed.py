r"""Newton systems of interior point without the variables that hardly move.

A variable near its bound has a barrier of large curvature d, beside which its couplings in
the cost vanish. It is eliminated as if it had none, exactly in all rows, and leaves a
matrix as small as the number of the others. What that leaves of the dual equation, about
a thousandth, is part of the next step, or for refinement to bring in. Fixed variables are
left out with them, or alone where they are many; that is exact.

So early steps, whose weights are moderate, need no more than single precision either. Where
it is too coarse for a factor, double takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from napari_jcc.progress import Progress, as_progress
from napari_jcc.solvers.structured.batches import room_for_condensed
from napari_jcc.solvers.structured.block_factor import NotPositive
from napari_jcc.solvers.structured.blocks import Blocks, GroupBlocks
from napari_jcc.solvers.structured.eliminated import Cut, Eliminated, Entries
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.kkt import KktSystem
from napari_jcc.solvers.structured.layout import INTERIOR

STIFF = 5.0
"""Curvature of a barrier, relative to a mean cost of 1, that outweighs couplings. With 3
to 30 interior point takes about as many steps, and with 10 a tenth longer; with 100 and
1000 systems are two and three times as dear."""

SINGLE = 1e6
"""Weight of a row up to which systems are factorised in single precision, whose rounding
of 6e-8 it multiplies. With 1e5 to 1e7 interior point takes as many steps as in double,
with 1e9 a few more."""

WORTHWHILE = 0.5
"""Share of the free variables that are stiff from which on eliminating them pays."""

FIXED = 0.2
"""Share of fixed variables from which on leaving them out pays: it halves the work of a
factor, which grows with the cube of the variables."""


class CondensedSystem:
    r"""Solves nearly with :math:`P + \mathrm{diag}(d) + A' \Theta A`.

    The blocks are those of a program without thin variables.
    """

    def __init__(self, blocks: Blocks, exchange: Exchange) -> None:
        self.blocks, self.exchange = blocks, exchange
        self._free_count = int(blocks.free.sum())
        self._entries = [Entries.of(part) for part in blocks.parts]
        self._system = KktSystem(blocks, exchange)
        self._single: Sequence[GroupBlocks] | None = None

    def factorise(
        self, diagonal: Tensor, weight: Tensor, *, progress: Progress | None = None
    ) -> None:
        """Factorise for weights of variables, (V',), and of rows, (M',).

        Raises
        ------
        Cancelled
            If the progress was cancelled; there are no factors then.
        NotPositive
            If the matrix is not positive definite even with regularisation.
        """
        largest = weight.max() if weight.numel() else weight.new_zeros(())
        single = bool(self.exchange.largest(largest[None]) <= SINGLE)
        dtype, progress = torch.float32 if single else torch.float64, as_progress(progress)
        try:
            self._factorise(diagonal, weight, dtype, progress)
        except NotPositive:
            if not single:
                raise
            self._factorise(diagonal, weight, torch.float64, progress)

    def _factorise(
        self, diagonal: Tensor, weight: Tensor, dtype: torch.dtype, progress: Progress
    ) -> None:
        # What was factorised before may go before there is more.
        self._system = KktSystem(self.blocks, self.exchange)
        self._places: Tensor | None = None
        self._dtype = dtype
        stiff = self._find_stiff(diagonal)
        if stiff is not None:
            self._condense(diagonal, weight, stiff, progress)
            return
        blocks = replace(self.blocks, parts=self._parts())
        self._system = KktSystem(blocks, self.exchange)
        self._system.factorise(diagonal.to(dtype), weight.to(dtype), progress=progress)

    def solve(self, right: Tensor) -> Tensor:
        """Return nearly the solution on the free variables, zero on the others, (V',)."""
        own_right = right.to(self._dtype)
        if self._places is None:
            return self._system.solve(own_right).to(right.dtype)
        result = own_right * self.blocks.free
        parts = self._parts()
        pushed = [
            images.push(part, part.view(result))
            for part, images in zip(parts, self._images, strict=True)
        ]
        result[self._places] = self._system.solve(result[self._places])
        for part, images, own in zip(parts, self._images, pushed, strict=True):
            images.pull(part, part.view(result), own)
        return result.to(right.dtype)

    def _find_stiff(self, diagonal: Tensor) -> Tensor | None:
        """Return the stiff variables to eliminate, (V',) bool, none if they are few.

        None if to leave the fixed ones out alone would not pay either.
        """
        blocks, count = self.blocks, self.blocks.program.variable_count
        if min((group.sizes[INTERIOR] for group in blocks.layout.groups), default=0) == 0:
            return None
        stiff = (diagonal > STIFF) & blocks.free
        if bool(stiff.sum() >= WORTHWHILE * self._free_count):
            return stiff
        has_many_fixed = count - self._free_count >= FIXED * count
        return torch.zeros_like(stiff) if has_many_fixed else None

    def _parts(self) -> Sequence[GroupBlocks]:
        """Return the matrices in the precision asked for."""
        blocks = self.blocks
        if self._dtype == torch.float64:
            return blocks.parts
        if self._single is None:
            _, single = room_for_condensed(len(blocks.parts), blocks.budget)
            for number, part in enumerate(blocks.parts):
                single[number] = part.to(self._dtype)
            self._single = single
        return self._single

    def _condense(
        self, diagonal: Tensor, weight: Tensor, stiff: Tensor, progress: Progress
    ) -> None:
        blocks = self.blocks
        self._images, parts = room_for_condensed(len(blocks.parts), blocks.budget)
        weights, places, groups, first = [], [], [], 0
        own = (diagonal + blocks.cost_diagonal).to(self._dtype)
        diagonal, weight = diagonal.to(self._dtype), weight.to(self._dtype)
        for number, part in enumerate(self._parts()):
            progress.raise_if_cancelled()
            cut = Cut.choose(part, part.view(blocks.free), part.view(stiff))
            images = Eliminated.of(part, cut, part.view(own), part.view_rows(weight))
            small = images.shrink(part, self._entries[number], first)
            weights.append(images.weight.view(-1))
            places.append(cut.places(part))
            groups.append(small.group)
            first = small.group.variables.stop
            self._images[number], parts[number] = images, small
        self._places = torch.cat(places)
        layout = replace(blocks.layout, groups=tuple(groups))
        budget = blocks.budget / 2
        self._system = KktSystem(
            replace(blocks, layout=layout, parts=parts, budget=budget), self.exchange
        )
        self._system.factorise(
            diagonal[self._places],
            torch.cat(weights),
            blocks.free[self._places],
            progress,
        )

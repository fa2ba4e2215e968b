"""A factorised system made cheap to solve again and again."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.solvers.structured.block_factor import BlockFactor
from napari_jcc.solvers.structured.blocks import Blocks, GroupBlocks
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.kkt import KktSystem


def kept_bytes(blocks: Blocks) -> int:
    """Memory that a `KeptSystem` of a program takes, while it is formed."""
    rank = sum(blocks.rank)
    return sum(
        8 * len(group.images) * group.core * (2 * group.core + rank)
        for group in blocks.layout.groups
    )


class KeptSystem:
    r"""M^-1 for one choice of weights, as products alone.

    .. math:: M^{-1} = B^{-1} + W C^{-1} W', \qquad W = B^{-1} F

    A solve reads every number once, where triangular solves read the factors four times
    and wait for each other. Blocks with thin variables keep their factor, as their
    inverse would be far larger. All in float64: with inverses in float32 the iteration
    stalled at residuals of 1e-4, because rows of large weight multiply the rounding.
    """

    def __init__(self, blocks: Blocks, exchange: Exchange) -> None:
        self.blocks, self.exchange = blocks, exchange

    def factorise(self, diagonal: Tensor, weight: Tensor, free: Tensor) -> None:
        """Form the inverses for weights of variables and rows, on `free` variables.

        Raises
        ------
        NotPositive
            If M is not positive definite.
        """
        system = KktSystem(self.blocks, self.exchange)
        system.factorise(diagonal, weight, free)
        self.free = system.free
        self.capacitance = torch.cholesky_inverse(system.capacitance)
        self.inverses = [
            _Inverse(part, factor)
            for part, factor in zip(self.blocks.parts, system.factors, strict=True)
        ]

    def solve(self, right: Tensor) -> Tensor:
        """M^-1 right on the free variables, zero on the others."""
        right = right * self.free
        result = torch.empty_like(right)
        interior, border = self.blocks.rank
        pushed = right.new_zeros(interior + border)
        for inverse in self.inverses:
            own = right[inverse.place].view(inverse.count, -1)
            pushed[:interior] += inverse.push(inverse.interior, own)
            pushed[interior:] += inverse.push(inverse.border, own)
        back = self.capacitance @ self.exchange.total(pushed)
        for inverse in self.inverses:
            answer = inverse.solve(right[inverse.place].view(inverse.count, -1))
            answer += inverse.interior @ back[:interior]
            answer += inverse.border @ back[interior:]
            result[inverse.place] = answer.view(-1)
        return result


class _Inverse:
    """B_k^-1 and B_k^-1 F_k of the images of a group."""

    def __init__(self, part: GroupBlocks, factor: BlockFactor) -> None:
        factor.part = part
        self.place, self.count = part.group.variables, part.count
        a, core = part.group.sizes[0], part.group.core
        self.inverse: Tensor | None = None
        if factor.thin is None:
            self.inverse = torch.cholesky_inverse(factor.factor)
            free = factor.free[:, :, None]
            interior = part.interior_factor.double() * free[:, :a]
            border = part.border_factor.double() * free[:, a:]
            self.interior = self.inverse[:, :, :a] @ interior
            self.border = self.inverse[:, :, a:] @ border
        else:
            self.factor = factor
            self.interior = self._through(part.interior_factor, slice(0, a))
            self.border = self._through(part.border_factor, slice(a, core))

    def _through(self, columns: Tensor, place: slice) -> Tensor:
        """B^-1 F column by column, for blocks whose inverse is not formed."""
        width = sum(self.factor.part.group.sizes)
        right = self.factor.free.new_zeros(self.count, width)
        result = []
        for column in columns.double().unbind(dim=2):
            right[:, place] = column * self.factor.free[:, place]
            result.append(self.factor.solve(right))
        return (
            torch.stack(result, dim=2) if result else right.new_zeros(self.count, width, 0)
        )

    def push(self, across: Tensor, right: Tensor) -> Tensor:
        """W' right over the images of the group, (K,)."""
        return right.reshape(-1) @ across.view(right.numel(), -1)

    def solve(self, right: Tensor) -> Tensor:
        """B^-1 right, (B, variables)."""
        if self.inverse is None:
            return self.factor.solve(right)
        return torch.bmm(self.inverse, right[:, :, None])[:, :, 0]

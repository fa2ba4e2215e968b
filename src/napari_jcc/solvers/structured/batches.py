"""Batches of images beyond a budget of memory, kept in a file between their turns.

Everything that a method does to an image it does group by group, and the groups meet in
vectors of variables and in sums as long as the rank. So a group's matrices need be in
memory during its turn only, and the answer does not depend on where they were before.
"""

from __future__ import annotations

from torch import Tensor

from napari_jcc.solvers.structured.block_factor import BlockFactor
from napari_jcc.solvers.structured.blocks import GroupBlocks
from napari_jcc.solvers.structured.eliminated import Eliminated
from napari_jcc.spill import SpilledList

PART_SHARE = 0.5
"""Share of the budget for the matrices of the program; the rest is for their factors."""


def room_for_parts(count: int, budget: float) -> SpilledList[GroupBlocks]:
    """Return places for the matrices of `count` groups; `budget` is in bytes."""
    return SpilledList(count, budget * PART_SHARE, _tensor_bytes)


def room_for_factors(count: int, budget: float) -> SpilledList[BlockFactor]:
    """Return places for the factors of `count` groups; `budget` is in bytes."""
    return SpilledList(count, budget * (1 - PART_SHARE), _factor_bytes)


def room_for_condensed(
    count: int, budget: float
) -> tuple[SpilledList[Eliminated], SpilledList[GroupBlocks]]:
    """Return places for what condensing `count` groups leaves, beside its factors."""
    room = budget * (1 - PART_SHARE) / 4
    return (
        SpilledList(count, room, _eliminated_bytes),
        SpilledList(count, room, _tensor_bytes),
    )


def _eliminated_bytes(images: Eliminated) -> int:
    return _tensor_bytes(images) + _tensor_bytes(images.cut)


def _factor_bytes(factor: BlockFactor) -> int:
    thin = 0 if factor.thin is None else _tensor_bytes(factor.thin)
    return thin + _tensor_bytes(factor)


def _tensor_bytes(item: object) -> int:
    tensors = (value for value in vars(item).values() if isinstance(value, Tensor))
    return sum(tensor.element_size() * tensor.nelement() for tensor in tensors)

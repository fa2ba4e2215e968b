"""From a nearly feasible point to a feasible one."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc._types import FloatArray
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers.structured.blocks import Blocks, GroupBlocks
from napari_jcc.solvers.structured.build import make_blocks
from napari_jcc.solvers.structured.inside import fill_sums, point_inside
from napari_jcc.solvers.structured.layout import LIGHT


def repair(program: QuadraticProgram, x: FloatArray) -> FloatArray:
    """Return the point `x`, (V,), changed as little as makes it feasible."""
    blocks = make_blocks(program, torch.device("cpu"))
    inside = point_inside(blocks)
    return blocks.from_flat(pull_inside(blocks, blocks.to_flat(x), inside))


def pull_inside(blocks: Blocks, x: Tensor, inside: tuple[Tensor, Tensor]) -> Tensor:
    """Clip to the bounds, bring the boxes to their simplex, then pull inwards.

    Every image moves towards its own strictly feasible point, just as far as its worst
    row asks. An image that has no such point at hand is only clipped. `inside` is what
    `point_inside` found.
    """
    x = torch.minimum(torch.maximum(x, blocks.lower), blocks.upper)
    inner, room = inside
    for part in blocks.parts:
        own = part.view(x)
        _to_simplex(blocks, part, own)
        fill_sums(blocks, part, own)
    activity, middle = blocks.rows @ x, blocks.rows @ inner
    equal = blocks.row_lower == blocks.row_upper
    lack = torch.maximum(blocks.row_lower - activity, activity - blocks.row_upper)
    spare = torch.minimum(middle - blocks.row_lower, blocks.row_upper - middle)
    share = torch.where((lack > 0) & ~equal, lack / (lack + spare.clamp_min(1e-300)), 0.0)
    for part in blocks.parts:
        usable = part.view_rows(room)[:, :1] > 0
        pull = torch.where(usable, part.view_rows(share).amax(dim=1, keepdim=True), 0.0)
        part.view(x)[:] += pull * (part.view(inner) - part.view(x))
    return torch.where(blocks.free, x, blocks.lower)


def _to_simplex(blocks: Blocks, part: GroupBlocks, x: Tensor) -> None:
    """Scale the free border variables so that an equality row of theirs holds."""
    a, b, _ = part.group.sizes
    rows = part.group.rows_of(LIGHT)
    low = part.view_rows(blocks.row_lower)[:, rows]
    equal = (low == part.view_rows(blocks.row_upper)[:, rows]) & (part.pivot_value == 0)
    image, row = torch.nonzero(equal, as_tuple=True)
    free = part.view(blocks.free)[image, a : a + b].to(x.dtype)
    coefficient = part.light[image, row]
    border = x[image, a : a + b]
    open_sum = (coefficient * border * free).sum(dim=1)
    left = low[image, row] - (coefficient * border * (1 - free)).sum(dim=1)
    # Where all of them are zero, they share alike.
    border = torch.where((open_sum == 0)[:, None] & (free > 0), 1.0, border)
    open_sum = (coefficient * border * free).sum(dim=1)
    factor = torch.where(open_sum != 0, left / open_sum, 1.0)[:, None]
    x[image, a : a + b] = torch.where(free > 0, border * factor, border)

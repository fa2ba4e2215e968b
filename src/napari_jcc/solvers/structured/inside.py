"""A point well inside the constraints, found without solving anything."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.solvers.structured.blocks import Blocks, GroupBlocks
from napari_jcc.solvers.structured.layout import COUPLING, INTERIOR, LIGHT, THIN

SHARES = torch.linspace(0.05, 0.95, 19, dtype=torch.float64)


def point_inside(blocks: Blocks) -> tuple[Tensor, Tensor]:
    """Boxes alike, every other variable a share of what its light rows allow.

    The share is chosen per image so that the tightest row, relative to its largest
    possible activity, has the most room. For all readings of equations (6) to (9) this
    is strictly feasible unless some pieces are fixed.

    Returns
    -------
    x : (V',)
        The point; fixed variables are at their values.
    room : (M',)
        Smallest slack among the inequality rows of the same image, in shares of a row's
        largest activity; not positive where the point is not strictly feasible.
    """
    x = torch.where(blocks.free, 0.0, blocks.lower)
    for part in blocks.parts:
        _share_boxes(blocks, part, part.view(x))
    empty, full = x.clone(), x.clone()
    for part in blocks.parts:
        _fill(blocks, part, part.view(full))
        fill_sums(blocks, part, part.view(empty))
        fill_sums(blocks, part, part.view(full))
    return _choose_share(blocks, empty, full)


def _share_boxes(blocks: Blocks, part: GroupBlocks, x: Tensor) -> None:
    """Give the free border variables of an equality row one common value."""
    a, b, _ = part.group.sizes
    rows = part.group.rows_of(LIGHT)
    low = part.view_rows(blocks.row_lower)[:, rows]
    high = part.view_rows(blocks.row_upper)[:, rows]
    free = part.view(blocks.free)[:, a : a + b]
    middle = 0.5 * (part.view(blocks.lower) + part.view(blocks.upper))[:, a : a + b]
    x[:, a : a + b] = middle
    image, row = torch.nonzero((low == high) & (part.pivot_value == 0), as_tuple=True)
    coefficient = part.light[image, row]
    open_ = free[image] & (coefficient != 0)
    fixed = (coefficient * middle[image] * ~open_).sum(dim=1)
    total = (coefficient * open_).sum(dim=1)
    share = (low[image, row] - fixed) / torch.where(total != 0, total, 1.0)
    number, box = torch.nonzero(open_ & (total != 0)[:, None], as_tuple=True)
    x[image[number], a + box] = share[number]


def _fill(blocks: Blocks, part: GroupBlocks, x: Tensor) -> None:
    """Raise the variables outside the border to what bounds and light rows allow."""
    a, b, _ = part.group.sizes
    high = part.view_rows(blocks.row_upper)[:, part.group.rows_of(LIGHT)]
    left = high - (part.light @ x[:, a : a + b, None])[:, :, 0]
    positive = part.pivot_value > 0
    limit = torch.where(positive, left / part.pivot_value, torch.inf)
    cap = part.view(blocks.upper).clone()
    cap.scatter_reduce_(1, part.pivot, limit, "amin")
    cap = torch.maximum(cap, part.view(blocks.lower))
    cap[:, a : a + b] = x[:, a : a + b]
    x[:] = torch.where(part.view(blocks.free), cap, x)


def fill_sums(blocks: Blocks, part: GroupBlocks, x: Tensor) -> None:
    """Set interior variables that an equality row makes a sum of thin ones, in place."""
    if not part.group.sizes[THIN]:
        return
    height, rows = part.group.rows[COUPLING], part.group.rows_of(COUPLING)
    equal = (part.view_rows(blocks.row_lower) == part.view_rows(blocks.row_upper))[:, rows]
    interior = part.coupling[:, :, : part.group.sizes[INTERIOR]]
    single = equal & ((interior != 0).sum(dim=2) == 1)
    thin = x[:, part.group.core :].reshape(-1)
    sums = thin.new_zeros(part.count * height)
    sums.index_add_(0, part.thin_row, part.thin_value * thin[part.thin_variable])
    image, row = torch.nonzero(single, as_tuple=True)
    place = interior[image, row].abs().argmax(dim=1)
    left = part.view_rows(blocks.row_lower)[:, rows][image, row]
    left = left - sums.view(part.count, height)[image, row]
    x[image, place] = left / interior[image, row, place]


def _choose_share(blocks: Blocks, empty: Tensor, full: Tensor) -> tuple[Tensor, Tensor]:
    equal = blocks.row_lower == blocks.row_upper
    start = blocks.rows @ empty
    slope = blocks.rows @ full - start
    size = torch.sparse_csr_tensor(
        blocks.rows.crow_indices(),
        blocks.rows.col_indices(),
        blocks.rows.values().abs(),
        size=blocks.rows.shape,
    ) @ torch.ones_like(full)
    size = size.clamp_min(1e-12)
    x, room = torch.empty_like(full), torch.empty_like(start)
    for part in blocks.parts:
        rows = [
            part.view_rows(v)
            for v in (start, slope, size, blocks.row_lower, blocks.row_upper)
        ]
        skipped = part.view_rows(equal)
        worst = torch.stack([_room(share, rows, skipped) for share in SHARES.tolist()])
        best, choice = worst.max(dim=0)
        share = SHARES.to(full.device)[choice][:, None]
        part.view(x)[:] = part.view(empty) + share * (part.view(full) - part.view(empty))
        part.view_rows(room)[:] = best[:, None]
    return x, room


def _room(share: float, rows: list[Tensor], skipped: Tensor) -> Tensor:
    start, slope, size, low, high = rows
    activity = start + share * slope
    slack = torch.minimum(activity - low, high - activity) / size
    return torch.where(skipped, torch.inf, slack).amin(dim=1)

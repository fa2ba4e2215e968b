"""Where interior point starts, with nothing known and from a similar program's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_jcc.solvers.structured.inside import point_inside
from napari_jcc.solvers.structured.point import Point

if TYPE_CHECKING:
    from napari_jcc.solvers.structured.ipm import InteriorPoint
    from napari_jcc.solvers.structured.judge import Repaired
    from napari_jcc.solvers.structured.limits import Limits

MARGIN = 1e-3
"""Distance from all limits, as a share of the room or of 1."""

TARGET = 0.1
"""Products of slacks and duals at the start, in units of the largest linear cost."""

AWAY = 3.0
"""Rise of the cost that a warm start may bring, in units of the gap to be closed. With
1 to 10 the edits of benchmarks/edits.py take four to eight steps, with 3 four to six."""

FARTHEST = 0.3
"""Share of the way to the middle beyond which an earlier answer is no help."""


def central_start(method: InteriorPoint) -> Point:
    """Return a strictly feasible point if one is at hand, with centred duals."""
    x, _ = point_inside(method.blocks)
    point = _within(method, x, MARGIN)
    target = TARGET * method.size
    return _with_duals(method.limits, point, target, (torch.zeros_like(x), point.y))


def warm_start(method: InteriorPoint, answer: Repaired, y: Tensor, middle: Tensor) -> Point:
    """Return a point between an earlier answer and the middle, with its duals.

    Parameters
    ----------
    method
        Knows the program.
    answer
        Meets the constraints, if perhaps only just.
    y : (M',)
        Duals of the rows.
    middle : (V',)
        A point with room on all sides.
    """
    x, gap = answer.x, answer.gap
    # The cost is convex: it rises by this at least.
    rise = method.total(answer.gradient * (middle - x))
    share = min(FARTHEST, AWAY * gap / rise) if rise > 0 else FARTHEST
    point = _within(method, x + share * (middle - x), share * MARGIN)
    slope = method.gradient(point.x) + method.blocks.columns @ y
    return _with_duals(method.limits, point, gap / method.pairs, (slope, y))


def _within(method: InteriorPoint, x: Tensor, margin: float) -> Point:
    """Return a point within bounds and limits by a share of their room, without duals."""
    blocks, limits = method.blocks, method.limits
    x = torch.where(limits.free, _inside(x, blocks.lower, blocks.upper, margin), x)
    activity = blocks.rows @ x
    s = torch.where(
        limits.has_low | limits.has_high,
        _inside(activity, limits.low, limits.high, margin),
        activity,
    )
    return Point(x, s, *(torch.zeros_like(v) for v in (s, s, s, x, x)))


def _with_duals(
    limits: Limits, point: Point, target: float, known: tuple[Tensor, Tensor]
) -> Point:
    """Return the point with duals that are known, net, and products not below `target`.

    `known` are the gradient of the Lagrangian, (V',), and the duals of rows, (M',).
    """
    below, above, low, high = limits.slacks(point)
    slope, y = known
    row_low = torch.where(limits.has_low, target / below + (-y).clamp_min(0.0), 0.0)
    row_high = torch.where(limits.has_high, target / above + y.clamp_min(0.0), 0.0)
    return Point(
        x=point.x,
        s=point.s,
        y=torch.where(limits.equal, y, row_high - row_low),
        row_low=row_low,
        row_high=row_high,
        low=torch.where(limits.free, target / low + slope.clamp_min(0.0), 0.0),
        high=torch.where(limits.free, target / high + (-slope).clamp_min(0.0), 0.0),
    )


def _inside(value: Tensor, low: Tensor, high: Tensor, margin: float) -> Tensor:
    """Move a value away from its limits, by a share of the room or of 1."""
    away = margin * torch.clamp(high - low, max=1.0)
    return torch.minimum(torch.maximum(value, low + away), high - away)

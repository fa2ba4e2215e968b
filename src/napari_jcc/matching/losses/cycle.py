"""There and back again, and round trips through three images."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from napari_jcc.matching.network.transforms import pixel_centres

TensorMap = Callable[[Tensor], Tensor]
GRID_POINTS = 10
"""Points along each side of the grid that is sent on the way."""


def cycle_loss(forward: TensorMap, backward: TensorMap, like: Tensor) -> Tensor:
    """Mean distance from the start after both ways, equation (4), (B,).

    Sum of both round trips: |backward(forward(p)) - p| and |forward(backward(p)) - p|, in
    units of half the image side.

    Parameters
    ----------
    forward, backward
        Map points (B, K, 2); meant to be inverse to each other.
    like : (B, ...)
        Gives the number of samples, type and device.
    """
    return round_trip(like, forward, backward) + round_trip(like, backward, forward)


def transitivity_loss(
    first: TensorMap, second: TensorMap, third: TensorMap, like: Tensor
) -> Tensor:
    """Mean distance from the start after a trip through three images, equation (5), (B,).

    Parameters
    ----------
    first, second, third
        Map points (B, K, 2) from image A to B, B to C, C to A.
    like : (B, ...)
        Gives the number of samples, type and device.
    """
    return round_trip(like, first, second, third)


def round_trip(like: Tensor, *maps: TensorMap) -> Tensor:
    """Mean distance of a grid of points from the start after all of `maps`, (B,)."""
    start = pixel_centres(GRID_POINTS, GRID_POINTS, like).expand(len(like), -1, -1)
    points = start
    for step in maps:
        points = step(points)
    distance: Tensor = torch.linalg.vector_norm(points - start, dim=2).mean(dim=1)
    return distance

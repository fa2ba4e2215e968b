"""Transformations between two images, judged by whether they lead back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from napari_jcc._types import Float32Array
from napari_jcc.matching.inference.agreement import explained_share
from napari_jcc.matching.inference.pair import MatchedPair
from napari_jcc.matching.network import Transform
from napari_jcc.matching.network.transforms import inverse_error, pixel_centres

GRID_POINTS = 20
"""Points along each side of the target that a pair is judged by."""


class Ways(NamedTuple):
    """From target to source points, from source to target, and the correlation."""

    forward: Transform
    backward: Transform
    correlation: Tensor


def judge_ways(
    places: tuple[int, int],
    sizes: tuple[tuple[int, int], tuple[int, int]],
    ways: Ways,
    tolerance: float,
    instance: int,
) -> MatchedPair:
    """Judge transformations between source and target; see `MatchedPair`."""
    forward, backward = ways.forward, ways.backward
    points = pixel_centres(GRID_POINTS, GRID_POINTS, forward.affine)
    error = inverse_error(forward, backward, points)[0] / 2
    inside = (forward(points).abs() <= 1).all(dim=2)[0]
    inlier = float(((error <= tolerance) & inside).float().mean())
    return MatchedPair(
        *places,
        sizes,
        theta_affine=_numpy(forward.affine),
        theta_tps=_numpy(forward.tps),
        back_affine=_numpy(backward.affine),
        back_tps=_numpy(backward.tps),
        cycle_error=float(error.mean()),
        inlier_share=inlier,
        confidence=inlier * explained_share(forward, ways.correlation),
        tolerance=tolerance,
        instance=instance,
    )


def _numpy(theta: Tensor) -> Float32Array:
    return np.asarray(theta[0].cpu().numpy(), dtype=np.float32)

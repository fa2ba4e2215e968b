"""Transformations between two images as a pair of pixel maps, judged like any other."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from napari_jcc._types import FloatArray
from napari_jcc.matching.baselines import PairMatch, PointMap
from napari_jcc.matching.losses import match_scores, partner_weights
from napari_jcc.matching.network import Transform
from napari_jcc.matching.pair import PairResult, Sizes, from_unit, to_unit

SCORE_RADIUS = 1.0
"""Cells around where a point leads that count."""


def explained_share(transform: Transform, correlation: Tensor) -> float:
    """Share of the energy of a correlation (1, g^2, g, g) that lies where points lead."""
    grid = correlation.shape[-1]
    weights = partner_weights(transform, grid, SCORE_RADIUS, "hard")
    return float(match_scores(correlation.square(), weights).mean())


class TransformPair(NamedTuple):
    """Transformations from target to source and back, and the correlation."""

    forward: Transform
    backward: Transform
    correlation: Tensor


def judge_transforms(
    places: tuple[int, int],
    sizes: Sizes,
    transforms: TransformPair,
    tolerance: float,
    instance: int,
) -> PairResult:
    """Judge transformations between source and target; see `PairResult.judge`.

    The confidence of the matcher is the share of the correlation's energy that the forward
    transformation explains, the same at all points. The confidence at a point is multiplied
    by the share of inliers of the pair. The parameters are those of the transformation.
    """
    explained = explained_share(transforms.forward, transforms.correlation)
    forward = PairMatch(
        _in_pixels(transforms.forward, sizes[1], sizes[0]),
        lambda points: np.full(len(points), explained),
    )
    backward = PairMatch(_in_pixels(transforms.backward, *sizes))
    judged = PairResult.judge(places, sizes, forward, backward, tolerance, instance)
    return replace(
        judged,
        confidence_at=lambda points: judged.inlier_share * judged.confidence_at(points),
        theta_affine=_numpy(transforms.forward.affine),
        theta_tps=_numpy(transforms.forward.tps),
    )


def _in_pixels(
    transform: Transform, start: tuple[int, int], end: tuple[int, int]
) -> PointMap:
    """Map points in double precision between images of two sizes (height, width)."""
    exact = Transform(transform.affine.cpu().double(), transform.tps.cpu().double())

    def carry(points: FloatArray) -> FloatArray:
        unit = torch.from_numpy(to_unit(np.asarray(points, dtype=np.float64), start))
        return from_unit(exact(unit[None])[0].numpy(), end)

    return carry


def _numpy(theta: Tensor) -> FloatArray:
    return np.asarray(theta[0].cpu().numpy(), dtype=np.float64)

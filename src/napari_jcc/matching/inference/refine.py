"""Fit a transformation again to what matches near where it leads."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from napari_jcc.matching.network import Pyramid, Transform
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.transforms import (
    affine_points,
    invert_affine,
    pixel_centres,
    tps_matrix,
    warp,
)

FIRST_REACHES = (3.0, 3.0, 2.0, 2.0, 1.5, 1.5)
"""Half the side of the searched square in each round, in cells of the working grid, while
the coarse map, which knows more of what things are, has a say."""
LAST_REACHES = (1.5, 1.0, 1.0, 0.7, 0.5)
"""The same of the rounds in which the finer map, which knows more of where, is alone."""
STEPS = 4
"""Places tried from the middle of the square to its edge."""
SHARPNESS = 40.0
"""A similarity higher by one over this makes a place e times as likely."""
RIDGE = 0.02
"""Weight of staying where the transformation was, against that of all matches together."""


def refine(source: Pyramid, target: Pyramid, transform: Transform) -> Transform:
    """Move the spline of transformations to where images agree better.

    Around the place that each target cell leads to, the source is searched for what looks
    like the cell; the expected place is where the cell should lead, and the more the
    likeliest places are spread, the less it counts. The control points are then found by
    weighted least squares, close to where they were; distances beyond a cell count less
    (Huber). The affine part stays.

    Parameters
    ----------
    source, target
        Descriptions of B images each, with finer maps where there are any.
    transform
        Maps target points into the source.
    """
    rounds = ((_describe_both, FIRST_REACHES), (_describe_finely, LAST_REACHES))
    for describe, reaches in rounds:
        ours, theirs = describe(source), describe(target)
        # (B, K, h, w): of every target cell, how alike it is to all source cells.
        similarity = torch.einsum("bdk,bdij->bkij", theirs.flatten(2), ours)
        for reach in reaches:
            grid = source.features.shape[-1]
            transform = _refine_once(similarity, transform, reach, grid)
    return transform


def _refine_once(
    similarity: Tensor, transform: Transform, reach: float, grid: int
) -> Transform:
    batch, _, height, width = similarity.shape
    cells = pixel_centres(height, width, transform.affine).expand(batch, -1, -1)
    places = transform(cells)  # (B, K, 2)
    offsets = _square(reach * 2 / grid, places)  # (O, 2)
    tried = (places[:, :, None] + offsets).flatten(0, 1)[:, None]  # (B K, 1, O, 2)
    there = warp(similarity.flatten(0, 1)[:, None], tried, "border")
    likely = torch.softmax(SHARPNESS * there.reshape(batch, -1, len(offsets)), dim=2)
    shift = likely @ offsets  # (B, K, 2)
    spread = (likely @ offsets.square() - shift.square()).sum(dim=2)
    cell = (2 / grid) ** 2
    weight = cell / (cell + spread.clamp_min(0))
    distance = torch.linalg.vector_norm(shift, dim=2) * grid / 2
    weight = weight * (1 / distance.clamp_min(1))
    weight = weight * (places.abs() <= 1).all(dim=2)
    wanted = affine_points(invert_affine(transform.affine), places + shift)
    return Transform(transform.affine, _fit(cells, wanted, weight, transform.tps))


def _fit(points: Tensor, wanted: Tensor, weight: Tensor, tps: Tensor) -> Tensor:
    """Control points whose spline takes points to where they are wanted, (B, 18)."""
    basis = tps_matrix(points, math.isqrt(tps.shape[1] // 2)).double()  # (B, K, G)
    before = tps.reshape(len(tps), 2, -1).transpose(1, 2).double()  # (B, G, 2)
    weighted = basis * weight.double()[..., None]
    normal = weighted.transpose(1, 2) @ basis
    ridge = RIDGE * points.shape[1] / basis.shape[2]
    eye = torch.eye(basis.shape[2], dtype=normal.dtype, device=normal.device)
    right = weighted.transpose(1, 2) @ wanted.double() + ridge * before
    moved: Tensor = torch.linalg.solve(normal + ridge * eye, right)
    return moved.transpose(1, 2).reshape(len(tps), -1).to(tps)


def _describe_both(pyramid: Pyramid) -> Tensor:
    """Cells of the map at stride 8 and the coarse one side by side, of length 1."""
    fine = _describe_finely(pyramid)
    coarse = unit_length(pyramid.features)
    coarse = torch.nn.functional.interpolate(coarse, fine.shape[2:], mode="bilinear")
    return unit_length(torch.cat([unit_length(coarse), fine], dim=1))


def _describe_finely(pyramid: Pyramid) -> Tensor:
    """Cells of the map at stride 8, or the coarse one where there is none."""
    fine = pyramid.skips[0]
    return unit_length(pyramid.features if fine is None else fine)


def _square(reach: float, like: Tensor) -> Tensor:
    axis = torch.linspace(-reach, reach, 2 * STEPS + 1).to(like)
    return torch.cartesian_prod(axis, axis)

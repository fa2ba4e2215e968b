"""Refines transformations by fitting them to probable correspondences nearby."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from napari_jcc.matching.network import Pyramid, Transform
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.transforms import (
    affine_points,
    compose_affine,
    control_points,
    invert_affine,
    pixel_centres,
    tps_energy,
    tps_matrix,
    tps_points,
)

TEMPERATURE = 0.05
"""Difference of cosine similarity that makes a correspondence e times as likely."""
NETWORK_REACH, BLIND_REACH = 0.3, 0.4
"""Tolerance of the first fit, in halves of the image side: if the transformation was
predicted by a network, and if it is only the identity."""
COARSE_TOLERANCE = 0.08
"""Tolerance of the last fit to the coarse map."""
COARSE_FITS = 12
"""The first half of them fits the affine part, the second half the spline."""
FINE_TOLERANCES = (0.1, 0.08, 0.063, 0.05)
"""Tolerances of the fits that use the finer map as well."""
FINE_CELLS = 2.0
"""Cells of the finer map along each side, for one of the coarse map, by default."""
MOST_FINE_CELLS = 60
"""Cells along each side beyond which comparing all with all takes too much memory."""
AFFINE_PRICE = 0.03
"""Penalty of changing the affine part; that of a shift is a tenth."""
SPLINE_PRICE = 0.02
"""Penalty of moving the control points."""
FINE_CONTROLS = 5
"""Control points of the resulting spline along each side of the image."""
BENDING = 1e-3
"""Weight of the bending energy of the spline."""


class Expected(NamedTuple):
    """Expected correspondences of cells.

    Attributes
    ----------
    targets, sources : (B, p + q, 2)
        Of the target cells first, then of the source cells.
    mass : (B, p + q)
        Total probability of the correspondences.
    """

    targets: Tensor
    sources: Tensor
    mass: Tensor


@dataclass(frozen=True)
class Partners:
    """Cells of source and target, and the probability that they correspond.

    Attributes
    ----------
    chance : (B, p, q)
        Of target cell p and source cell q, in [0, 1].
    targets, sources : (B, p, 2), (B, q, 2)
        Centres of the cells.
    """

    chance: Tensor
    targets: Tensor
    sources: Tensor

    def expect(self, transform: Transform, tolerance: float) -> Expected:
        """Compute the expected correspondences of the cells of both images near a map.

        The partner of a target cell is the mean position of the source cells, weighted by
        their probability and their distance from where the map sends the target cell; and
        vice versa, as a cell can be ambiguous in one direction and not in the other.
        """
        distance = torch.cdist(transform(self.targets), self.sources)
        near = self.chance * torch.exp(-distance.square() / (2 * tolerance**2))
        theirs, ours = (near.sum(dim=axis).clamp_min(1e-12) for axis in (2, 1))
        sources = near @ self.sources / theirs[..., None]
        targets = near.transpose(1, 2) @ self.targets / ours[..., None]
        return Expected(
            torch.cat([self.targets, targets], dim=1),
            torch.cat([sources, self.sources], dim=1),
            torch.cat([theirs, ours], dim=1),
        )


def find_partners(source: Tensor, target: Tensor) -> Partners:
    """Compare all cells of maps (B, D, h, w) of two images.

    The chance is the product of the softmaxes of their likeness over the cells of either
    image.
    """
    likeness = compare_cells(source.flatten(2), target.flatten(2))
    chance = likeness.softmax(dim=1) * likeness.softmax(dim=2)
    return Partners(chance, _centres(target), _centres(source))


def compare_cells(source: Tensor, target: Tensor) -> Tensor:
    """Similarity (B, p, q) of target cells (B, D, p) and source cells (B, D, q).

    The cosine similarity, in units of `TEMPERATURE`, after subtracting the mean over all
    cells of both images.
    """
    ours, theirs = unit_length(source), unit_length(target)
    shared = (ours.mean(dim=2) + theirs.mean(dim=2))[..., None] / 2
    ours, theirs = unit_length(ours - shared), unit_length(theirs - shared)
    return torch.einsum("bdp,bdq->bpq", theirs, ours) / TEMPERATURE


def _centres(maps: Tensor) -> Tensor:
    batch, _, height, width = maps.shape
    return pixel_centres(height, width, maps).expand(batch, -1, -1)


def refine(
    source: Pyramid,
    target: Pyramid,
    transform: Transform,
    reach: float = NETWORK_REACH,
    detail: float = FINE_CELLS,
) -> Transform:
    """Fit transformations to cells that probably correspond.

    Two steps alternate, as in expectation maximisation: the expected correspondence of
    every cell is computed near the present transformation (`Partners.expect`), and the
    transformation is fitted to these correspondences, first its affine part, then the
    spline, with decreasing tolerance. The last fits use the finer map too, if there is one,
    and a spline with more control points.

    Parameters
    ----------
    source, target
        Feature maps of B images each.
    transform
        Maps target points into the source.
    reach
        Tolerance of the first fit, in halves of the image side.
    detail
        Cells of the finer map along each side, for one of the coarse map.
    """
    coarse = find_partners(source.features, target.features)
    for fit, tolerance in enumerate(np.geomspace(reach, COARSE_TOLERANCE, COARSE_FITS)):
        if 2 * fit < COARSE_FITS:
            transform = _fit_affine(coarse, transform, float(tolerance))
        else:
            transform = _fit_spline([coarse], transform, float(tolerance))
    levels = [coarse]
    ours, theirs = source.skips[0], target.skips[0]
    if ours is not None and theirs is not None:
        cells = source.features.shape[-1]
        side = max(cells, min(round(detail * cells), MOST_FINE_CELLS))
        levels.append(find_partners(_resize(ours, side), _resize(theirs, side)))
    # Not earlier: with many control points the first fits would follow wrong matches.
    transform = _with_controls(transform, FINE_CONTROLS)
    for tolerance in FINE_TOLERANCES:
        transform = _fit_spline(levels, transform, tolerance)
    return transform


def _with_controls(transform: Transform, side: int) -> Transform:
    """Express a transformation by `side` x `side` control points."""
    points = control_points(side, transform.tps).expand(len(transform.tps), -1, -1)
    moved = tps_points(transform.tps, points)
    return Transform(transform.affine, moved.transpose(1, 2).flatten(1))


def _fit_affine(partners: Partners, transform: Transform, tolerance: float) -> Transform:
    """Compose the transformation with the best affine map, regularised to the identity."""
    targets, wanted, mass = partners.expect(transform, tolerance)
    led = transform(targets)
    columns = torch.cat([led, torch.ones_like(led[..., :1])], dim=2)
    stay = columns.new_tensor([1, 1, 0.1]).diag() * AFFINE_PRICE
    before = torch.eye(3, 2).to(led).expand(len(led), -1, -1)
    moved = _solve(columns, wanted, mass, stay, before)
    affine = compose_affine(moved.transpose(1, 2).flatten(1), transform.affine)
    return Transform(affine, transform.tps)


def _fit_spline(
    levels: Sequence[Partners], transform: Transform, tolerance: float
) -> Transform:
    """Fit the control points; cells of all levels have the same weight."""
    found = [partners.expect(transform, tolerance) for partners in levels]
    targets, wanted, mass = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
    inner = affine_points(invert_affine(transform.affine), wanted)
    side = math.isqrt(transform.tps.shape[1] // 2)
    before = transform.tps.reshape(len(targets), 2, -1).transpose(1, 2)  # (B, G, 2)
    stay = torch.eye(side**2).to(before) * (SPLINE_PRICE / side**2)
    energy = BENDING * tps_energy(side).to(before)
    moved = _solve(tps_matrix(targets, side), inner, mass, stay, before, energy)
    return Transform(transform.affine, moved.transpose(1, 2).flatten(1))


def _solve(
    columns: Tensor,
    wanted: Tensor,
    weights: Tensor,
    stay: Tensor,
    before: Tensor,
    energy: Tensor | float = 0.0,
) -> Tensor:
    """Fit coefficients c to weighted points by penalised least squares.

    Parameters
    ----------
    columns : (B, n, C)
        Values of C functions at n points.
    wanted : (B, n, 2)
        Target values.
    weights : (B, n)
        Weights of the points; only their ratios matter.
    stay : (C, C)
        Penalty of the change: (c - before)' stay (c - before).
    before : (B, C, 2)
        Coefficients to stay close to.
    energy : (C, C)
        Penalty of the coefficients: c' energy c.

    Returns
    -------
    coefficients : (B, C, 2)
    """
    share = weights / weights.sum(dim=1, keepdim=True)
    weighted = (columns * share[..., None]).transpose(1, 2)
    system = weighted @ columns + stay + energy
    coefficients: Tensor = torch.linalg.solve(system, weighted @ wanted + stay @ before)
    return coefficients


def _resize(maps: Tensor, side: int) -> Tensor:
    return torch.nn.functional.interpolate(
        maps, (side, side), mode="bilinear", antialias=True
    )

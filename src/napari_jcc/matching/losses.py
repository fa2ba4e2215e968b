"""The five loss terms of pairs of images, each with one value per sample.

Numbers of equations are those of Chen, Lin, Yang and Huang (TPAMI 2020).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from napari_jcc.matching.network.transforms import (
    Transform,
    pixel_centres,
    sampling_grid,
    warp,
)

TensorMap = Callable[[Tensor], Tensor]
GRID_POINTS = 10
"""Points along each side of the grid on which round trips are measured."""


def cycle_loss(forward: TensorMap, backward: TensorMap, like: Tensor) -> Tensor:
    """Mean distance from the start after a map there and back, equation (4), (B,).

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


LEAST = 1e-6
"""Probabilities are clamped to [LEAST, 1 - LEAST], so that logarithms are finite."""


def consistency_loss(
    masks: tuple[Tensor, Tensor], transforms: tuple[Transform, Transform], detach: str
) -> Tensor:
    """Binary cross entropy of each warped mask and the other mask, (10)-(11), (B,).

    Mean over pixels, sum over both directions. Pixels warped from outside the source count
    as background.

    Parameters
    ----------
    masks : (B, 1, h, w) each
        Of images A and B, in [0, 1].
    transforms
        From points of B into A, and from points of A into B.
    detach
        Mask that gets no gradient: ``target``, the one that is not warped; ``warped``; or
        ``none``.
    """
    mask_a, mask_b = masks
    b_to_a, a_to_b = transforms
    forward = _warped_entropy(mask_a, mask_b, b_to_a, detach)
    return forward + _warped_entropy(mask_b, mask_a, a_to_b, detach)


def _warped_entropy(
    source: Tensor, target: Tensor, transform: Transform, detach: str
) -> Tensor:
    warped = warp(source, sampling_grid(transform, *target.shape[2:]))
    if detach == "target":
        target = target.detach()
    elif detach == "warped":
        warped = warped.detach()
    warped = warped.clamp(LEAST, 1 - LEAST)
    entropy = -(target * warped.log() + (1 - target) * (1 - warped).log())
    return entropy.mean(dim=(1, 2, 3))


LEAST_CELLS = 1e-3
"""Added to the area of a mask, in cells, before dividing by it."""


def contrast_loss(
    objects: tuple[Tensor, Tensor], backgrounds: tuple[Tensor, Tensor], margin: float
) -> Tensor:
    """Equations (7) to (9), (B,): d+ + max(0, margin - d).

    d+ is the mean squared difference of the two objects' features, d the mean over both
    images of that of object and background.

    Parameters
    ----------
    objects : (B, c) each
        Features of M * I, for either image I with mask M.
    backgrounds : (B, c) each
        Features of (1 - M) * I.
    margin
        Difference beyond which the second term is 0.
    """
    alike = _distance(*objects)
    first, second = (
        _distance(inside, outside)
        for inside, outside in zip(objects, backgrounds, strict=True)
    )
    return alike + (margin - (first + second) / 2).clamp_min(0)


def masked_images(images: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Object and background of images (B, 3, H, W) by masks (B, 1, H, W)."""
    return masks * images, (1 - masks) * images


def masked_means(features: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Mean features (B, c) of object and background, of cells weighted by the mask.

    Parameters
    ----------
    features : (B, c, g, g)
        Of the whole images.
    masks : (B, 1, h, w)
        In [0, 1]; averaged over the cells.
    """
    shares = torch.nn.functional.adaptive_avg_pool2d(masks, features.shape[-1])
    return _weighted_mean(features, shares), _weighted_mean(features, 1 - shares)


def _weighted_mean(features: Tensor, weights: Tensor) -> Tensor:
    # The addition lets the mean of an empty mask go to zero.
    total = weights.sum(dim=(2, 3)) + LEAST_CELLS
    return (features * weights).sum(dim=(2, 3)) / total


def _distance(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).square().mean(dim=1)


ROUNDING = 1e-4
"""Cells; tolerance for rounding, as neighbours lie whole numbers of cells apart."""


def partner_weights(
    transform: Transform, grid: int, radius: float, neighbourhood: str
) -> Tensor:
    """Which source cells count as partners of every target cell: m of equation (1).

    With d the distance, in cells, of source cell q from the image of target cell p:
    ``hard`` is 1 for d <= radius and else 0, as printed; ``soft`` is
    max(0, 1 - d / (radius + 1)), which has a gradient for the transformation.

    Parameters
    ----------
    transform
        Maps target points into the source.
    grid
        Cells along each side.
    radius
        In cells.
    neighbourhood
        ``hard`` or ``soft``.

    Returns
    -------
    weights : (B, grid^2, grid^2)
        Entry (b, q, p), in [0, 1].
    """
    cells = pixel_centres(grid, grid, transform.affine)
    places = transform(cells.expand(len(transform.affine), -1, -1))  # (B, p, 2)
    offsets = cells[:, :, None] - places[:, None]  # (B, q, p, 2)
    distance: Tensor = torch.linalg.vector_norm(offsets, dim=-1) * grid / 2
    if neighbourhood == "hard":
        return (distance <= radius + ROUNDING).to(distance)
    return (1 - distance / (radius + 1)).clamp_min(0)


def match_scores(correlation: Tensor, weights: Tensor) -> Tensor:
    """Agreement of every target cell with its partners: s of equation (2).

    Parameters
    ----------
    correlation : (B, q, g, g)
        As `correlate` returns it.
    weights : (B, q, g^2)
        Of `partner_weights`.

    Returns
    -------
    scores : (B, g, g)
    """
    scores = (correlation.flatten(2) * weights).sum(dim=1)
    return scores.reshape(len(correlation), *correlation.shape[2:])


def matching_loss(scores: tuple[Tensor, Tensor], masks: tuple[Tensor, Tensor]) -> Tensor:
    """Negative agreement inside both masks, equation (3), (B,).

    Parameters
    ----------
    scores : (B, g, g) each
        Of the cells of either image, as target of the other.
    masks : (B, g, g) each
        Of the same images, in [0, 1].
    """
    first, second = (
        (score * mask).sum(dim=(1, 2)) for score, mask in zip(scores, masks, strict=True)
    )
    return -(first + second)

"""Perceptual contrast: objects are alike, and unlike their surroundings."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_CELLS = 1e-3
"""Cells that a mask is at least taken to have."""


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
        Difference beyond which more is not rewarded.
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
    # What is added keeps a mask of nothing from being described by chance.
    total = weights.sum(dim=(2, 3)) + LEAST_CELLS
    return (features * weights).sum(dim=(2, 3)) / total


def _distance(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).square().mean(dim=1)

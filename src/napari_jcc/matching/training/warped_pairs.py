"""Pairs of views of one image, with the transformation between them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_jcc.config import MatchConfig
from napari_jcc.matching.network.transforms import (
    Chain,
    Transform,
    affine_points,
    pixel_centres,
    warp,
)
from napari_jcc.matching.training.random_transforms import (
    jitter_colours,
    random_crops,
    random_transforms,
)

GRID_POINTS = 20
"""Points along each side of the grid whose distances are the loss."""
LEAST_CROP = 0.75


@dataclass(frozen=True)
class WarpedPairs:
    """Pairs with the transformation between source and target.

    Attributes
    ----------
    source, target : (B, 3, S, S)
        The views in [0, 1].
    transform
        Maps target points into the source.
    features
        The encoder's coarse maps (B, D, g, g) of sources and targets, if known.
    """

    source: Tensor
    target: Tensor
    transform: Transform | Chain
    features: tuple[Tensor, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.transform.affine)

    def part(self, rows: slice) -> WarpedPairs:
        """Keep some of the pairs."""
        features = self.features
        kept = None if features is None else (features[0][rows], features[1][rows])
        return WarpedPairs(self.source[rows], self.target[rows], self.transform[rows], kept)

    def to(self, device: torch.device) -> WarpedPairs:
        """Move to a device."""
        features = self.features
        if features is not None:
            features = features[0].to(device), features[1].to(device)
        return WarpedPairs(
            self.source.to(device),
            self.target.to(device),
            self.transform.to(device),
            features,
        )


def warp_pairs(
    images: Tensor, config: MatchConfig, generator: torch.Generator
) -> WarpedPairs:
    """Make a pair of every image: a part of it, and the same part transformed.

    What the target shows beyond the part comes from the rest of the image, and beyond that
    from its reflection.

    Parameters
    ----------
    images : (B, 3, H, W)
        In [0, 1].
    config
        Ranges of the transformations.
    generator
        Source of randomness.
    """
    count, side = len(images), config.network.input_size
    crops = random_crops(count, LEAST_CROP, config.training.flips, generator)
    transform = random_transforms(count, config.synthetic, generator)
    points = pixel_centres(side, side, crops).expand(count, -1, -1)
    source = sample_view(images, affine_points(crops, points), side)
    target = sample_view(images, affine_points(crops, transform(points)), side)
    target = jitter_colours(target, config.synthetic.jitter, generator)
    return WarpedPairs(source, target, transform)


def sample_view(images: Tensor, points: Tensor, side: int) -> Tensor:
    """Draw views (B, 3, side, side) of images, each pixel from its point (B, K, 2)."""
    return warp(images, points.reshape(len(images), side, side, 2), "reflection")


def grid_loss(predicted: Transform, known: Transform | Chain) -> dict[str, Tensor]:
    """Mean squared distance of a grid of points from where they belong, (B,) each.

    ``affine`` judges the affine part alone, ``tps`` the whole with the affine part taken as
    given, so that each head learns from its own term; squared units of half the image side.
    ``error`` is `transfer_error` of the whole, for the eye and for stopping.
    """
    points = pixel_centres(GRID_POINTS, GRID_POINTS, known.affine)
    points = points.expand(len(known.affine), -1, -1)
    truth = known(points)
    affine = affine_points(predicted.affine, points)
    whole = Transform(predicted.affine.detach(), predicted.tps)(points)
    return {
        "affine": (affine - truth).square().sum(dim=2).mean(dim=1),
        "tps": (whole - truth).square().sum(dim=2).mean(dim=1),
        "error": transfer_error(whole.detach(), truth),
    }


def transfer_error(found: Tensor, truth: Tensor) -> Tensor:
    """Mean distance of points (B, K, 2) from the truth, as share of the image side, (B,).

    Only points whose truth lies inside the image count; 0 where there is none.
    """
    inside = (truth.abs() <= 1).all(dim=2)
    distance: Tensor = torch.linalg.vector_norm(found - truth, dim=2) / 2
    return (distance * inside).sum(dim=1) / inside.sum(dim=1).clamp_min(1)

"""Random transformations, crops and colour changes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from napari_jcc.config import SyntheticConfig
from napari_jcc.matching.network.transforms import TPS_SIDE, Transform, control_points
from napari_jcc.matching.training.randomness import uniform


def random_affine(
    count: int, config: SyntheticConfig, generator: torch.Generator
) -> Tensor:
    """Draw affine transformations, (count, 6): shift, rotation, shear and scale.

    The linear part is R(angle) S(shear) diag(s_x, s_y), scales uniform in the logarithm.
    """
    angle = uniform((count,), math.radians(config.rotation), generator)
    slant = uniform((count,), math.radians(config.shear), generator).tan()
    scale = uniform((count, 2), math.log(config.scale), generator).exp()
    shift = uniform((count, 2), config.translation, generator)
    cos, sin = angle.cos(), angle.sin()
    a, b = cos, cos * slant - sin
    d, e = sin, sin * slant + cos
    sx, sy = scale[:, 0], scale[:, 1]
    return torch.stack([a * sx, b * sy, shift[:, 0], d * sx, e * sy, shift[:, 1]], dim=1)


def random_tps(count: int, config: SyntheticConfig, generator: torch.Generator) -> Tensor:
    """Draw thin plate splines, (count, 18): every control point is shifted on its own."""
    rest = control_points(TPS_SIDE, torch.empty(0)).T.reshape(1, -1)
    return rest + uniform((count, rest.shape[1]), config.bend, generator)


def random_transforms(
    count: int, config: SyntheticConfig, generator: torch.Generator
) -> Transform:
    """Draw T(p) = affine(tps(p))."""
    affine = random_affine(count, config, generator)
    return Transform(affine, random_tps(count, config, generator))


def random_crops(
    count: int, least: float, mirror: bool, generator: torch.Generator
) -> Tensor:
    """Draw parts of the image, as affine maps (count, 6) from the part to the image.

    Parameters
    ----------
    count
        How many.
    least
        Smallest side, as share of the image.
    mirror
        Whether half of them are mirrored from left to right.
    generator
        Source of randomness.
    """
    side = 1 - (1 - least) * torch.rand(count, generator=generator)
    shift = uniform((count, 2), 1.0, generator) * (1 - side)[:, None]
    sign = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    sign = sign if mirror else torch.ones(count)
    none = torch.zeros(count)
    return torch.stack([sign * side, none, shift[:, 0], none, side, shift[:, 1]], dim=1)


def jitter_colours(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change brightness, contrast and colour of images (B, 3, H, W) in [0, 1]."""
    count = len(images)
    gain = 1 + uniform((count, 1, 1, 1), strength, generator)
    tint = 1 + uniform((count, 3, 1, 1), strength / 2, generator)
    lift = uniform((count, 1, 1, 1), strength / 2, generator)
    factor = (gain * tint).to(images)
    changed = (images - 0.5) * factor + 0.5 + lift.to(images)
    return changed.clamp(0, 1)

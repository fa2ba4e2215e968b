"""Pairs and triplets of images, with cached feature maps and priors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_jcc.matching.network import MaCoSNet, Pyramid


@dataclass(frozen=True)
class ImageSamples:
    """Samples of two or three images of one kind.

    Attributes
    ----------
    images : (B, 3, S, S) each
        First, second and perhaps third image of every sample; (B, 0) if they are not
        needed, because their feature maps are cached.
    pyramids
        Their feature maps, if cached.
    priors : (B, 1, S, S) each
        Prior probability of object; empty if not needed.
    """

    images: tuple[Tensor, ...]
    pyramids: tuple[Pyramid, ...] | None = None
    priors: tuple[Tensor, ...] = ()

    def __len__(self) -> int:
        return len(self.images[0])

    def describe(self, network: MaCoSNet) -> tuple[Pyramid, ...]:
        """Return the feature maps, computed by the network if they are not cached."""
        return self.pyramids or tuple(network.encode(image) for image in self.images)

    def part(self, rows: slice) -> ImageSamples:
        """Keep some of the samples."""
        pyramids = self.pyramids
        return ImageSamples(
            tuple(images[rows] for images in self.images),
            None if pyramids is None else tuple(part[rows] for part in pyramids),
            tuple(priors[rows] for priors in self.priors),
        )

    def to(self, device: torch.device) -> ImageSamples:
        """Move to a device."""
        pyramids = self.pyramids
        return ImageSamples(
            tuple(images.to(device) for images in self.images),
            None if pyramids is None else tuple(part.to(device) for part in pyramids),
            tuple(priors.to(device) for priors in self.priors),
        )

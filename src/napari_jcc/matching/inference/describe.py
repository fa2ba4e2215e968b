"""Descriptions of the images of a collection, each computed once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_jcc.collection import ImageCollection
from napari_jcc.matching.network import MaCoSNet, Pyramid
from napari_jcc.matching.training.images import load_images, to_unit
from napari_jcc.progress import Progress


@dataclass(frozen=True)
class Described:
    """Images and what the encoder says of them.

    Attributes
    ----------
    images : (N, 3, S, S) uint8
        At the network's input size.
    pyramids
        One sample each, in half precision on the CPU.
    summary : (N, D)
        Mean description of every image less that of the set, of length 1.
    device
        Where the network is.
    """

    images: Tensor
    pyramids: list[Pyramid]
    summary: Tensor
    device: torch.device

    def image(self, place: int) -> Tensor:
        """Return an image (1, 3, S, S) in [0, 1] on the network's device."""
        return to_unit(self.images[place : place + 1], self.device)

    def pyramid(self, place: int) -> Pyramid:
        """Return the description of an image on the network's device."""
        return self.pyramids[place].to(self.device).float()


def describe_images(
    network: MaCoSNet, collection: ImageCollection, progress: Progress
) -> Described:
    """Read and describe all images.

    Raises
    ------
    InputError
        If an image cannot be read.
    Cancelled
        If the progress was cancelled.
    """
    device = next(network.affine_head.parameters()).device
    images = load_images(collection, network.config.input_size, progress)
    progress.start("Descriptions", len(images))
    pyramids = []
    for image in images:
        with torch.no_grad():
            pyramid = network.encode(to_unit(image[None], device))
        pyramids.append(pyramid.half().to("cpu"))
        progress.advance()
    means = torch.cat([part.features.float().mean(dim=(2, 3)) for part in pyramids])
    summary = torch.nn.functional.normalize(means - means.mean(dim=0), dim=1)
    return Described(images, pyramids, summary, device)

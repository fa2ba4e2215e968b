"""Feature maps of images, each computed once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

import torch
from torch import Tensor

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import resize_image
from napari_jcc.matching.network import MaCoSNet, Match, Pyramid, PyramidEncoder
from napari_jcc.matching.network.adaptation import Adaptation
from napari_jcc.matching.network.images import to_float
from napari_jcc.progress import Progress

KEPT_IMAGES = 64
"""Images whose feature maps are kept at least, from one collection to the next."""


@dataclass(frozen=True)
class DescribedImage:
    """An image and its feature maps.

    Attributes
    ----------
    image : (1, 3, S, S) uint8
        At the network's input size.
    pyramid
        At the input size of the network; in half precision on the CPU.
    detail
        Likewise at the size of the refinement, with the maps that it compares only; None if
        the sizes are the same.
    """

    image: Tensor
    pyramid: Pyramid
    detail: Pyramid | None


@dataclass(frozen=True)
class Described:
    """Images of a collection and their feature maps.

    Attributes
    ----------
    images
        The images in their order.
    adaptation
        Of the network, applied to the maps that the refinement compares.
    summary : (N, D)
        Mean features of every image minus those of the set, of length 1.
    device
        Where the network is.
    """

    images: list[DescribedImage]
    adaptation: Adaptation
    summary: Tensor
    device: torch.device

    def image(self, place: int) -> Tensor:
        """Return an image (1, 3, S, S) in [0, 1] on the network's device."""
        return to_float(self.images[place].image, self.device)

    def pyramid(self, place: int) -> Pyramid:
        """Return the feature maps of an image on the network's device."""
        return self.images[place].pyramid.to(self.device).float()

    def detail(self, place: int) -> Pyramid:
        """Return the adapted maps that the refinement compares, on the network's device."""
        image = self.images[place]
        plain = (image.detail or image.pyramid).to(self.device).float()
        with torch.no_grad():
            return self.adaptation.adapt(plain)

    def match(self, network: MaCoSNet, source: int, target: int) -> Match:
        """Predict the transformation from target to source points by a network."""
        return network.match(self.pyramid(source), self.pyramid(target), self.image(source))


class ImageDescriber:
    """Computes the feature maps of images, and keeps those of the last ones."""

    def __init__(self, network: MaCoSNet) -> None:
        self._network = network
        self._known: OrderedDict[bytes, DescribedImage] = OrderedDict()

    def describe(
        self, collection: ImageCollection, scale: float, progress: Progress
    ) -> Described:
        """Read all images and compute their feature maps.

        Parameters
        ----------
        collection
            The images.
        scale
            Size of images in the refinement, relative to the input size of the network.
        progress
            Told of every image.

        Raises
        ------
        InputError
            If an image cannot be read.
        Cancelled
            If the progress was cancelled.
        """
        device = next(self._network.affine_head.parameters()).device
        cells = round(self._network.config.grid * scale)
        progress.start("Descriptions", len(collection))
        images = []
        for index in range(len(collection)):
            images.append(self._describe(collection.image(index), cells))
            while len(self._known) > max(KEPT_IMAGES, len(collection)):
                self._known.popitem(last=False)
            progress.advance()
        means = [part.pyramid.features.float().mean(dim=(2, 3)) for part in images]
        whole = torch.cat(means)
        summary = torch.nn.functional.normalize(whole - whole.mean(dim=0), dim=1)
        return Described(images, self._network.adaptation, summary, device)

    def _describe(self, image: ImageArray, cells: int) -> DescribedImage:
        """Compute the maps of an image, and those on `cells` if they differ in number."""
        own, size = self._network.config.grid, self._network.config.input_size
        sides = [size] if cells == own else [size, round(cells * size / own)]
        squares = [
            torch.from_numpy(resize_image(image, (side, side)))
            .permute(2, 0, 1)[None]
            .contiguous()
            for side in sides
        ]
        key = blake2b(b"".join(square.numpy().tobytes() for square in squares)).digest()
        if key not in self._known:
            with torch.no_grad():
                pyramid, *finer = (
                    _keep(self._network.encoder, square, count)
                    for square, count in zip(squares, (own, cells), strict=False)
                )
            detail = _without_finest(finer[0]) if finer else None
            self._known[key] = DescribedImage(squares[0], pyramid, detail)
        self._known.move_to_end(key)
        return self._known[key]


def _keep(encoder: PyramidEncoder, square: Tensor, cells: int) -> Pyramid:
    device = next(encoder.module.parameters(), torch.empty(0)).device
    pyramid: Pyramid = encoder(to_float(square, device), cells=cells)
    return pyramid.half().to("cpu")


def _without_finest(pyramid: Pyramid) -> Pyramid:
    first, *rest = pyramid.skips
    return Pyramid(pyramid.features, (first, *[None] * len(rest)))

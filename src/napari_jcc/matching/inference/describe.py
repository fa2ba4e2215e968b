"""Descriptions of images, each computed once."""

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
"""Images whose descriptions are kept at least, from one collection to the next."""


@dataclass(frozen=True)
class DescribedImage:
    """An image at the network's input size, and what the encoder says of it.

    Attributes
    ----------
    image : (1, 3, S, S) uint8
        At the network's input size.
    pyramid
        In half precision on the CPU, as the next.
    detail
        At the size of the refinement, without what that does not look at; None if that is
        the same.
    """

    image: Tensor
    pyramid: Pyramid
    detail: Pyramid | None


@dataclass(frozen=True)
class Described:
    """Images of a collection and what the encoder says of them.

    Attributes
    ----------
    images
        The images in their order.
    adaptation
        Of the network, for what the refinement looks at.
    summary : (N, D)
        Mean description of every image less that of the set, of length 1.
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
        """Return the description of an image on the network's device."""
        return self.images[place].pyramid.to(self.device).float()

    def detail(self, place: int) -> Pyramid:
        """Return the description that the refinement looks at."""
        image = self.images[place]
        plain = (image.detail or image.pyramid).to(self.device).float()
        with torch.no_grad():
            return self.adaptation.adapt(plain)

    def match(self, network: MaCoSNet, source: int, target: int) -> Match:
        """Ask a network for the transformation from target to source points."""
        return network.match(self.pyramid(source), self.pyramid(target), self.image(source))


class ImageDescriber:
    """Describes images for matching, and remembers the last ones."""

    def __init__(self, network: MaCoSNet) -> None:
        self._network = network
        self._known: OrderedDict[bytes, DescribedImage] = OrderedDict()

    def describe(
        self, collection: ImageCollection, scale: float, progress: Progress
    ) -> Described:
        """Read and describe all images.

        Parameters
        ----------
        collection
            The images.
        scale
            Size that images have in the refinement, as multiple of the network's input.
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
        """Describe an image, and again on `cells` if they differ from the network's."""
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

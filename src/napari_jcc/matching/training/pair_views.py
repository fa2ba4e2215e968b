"""Views of the images of a set, described once if the encoder stays as it is."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.config import MatchConfig
from napari_jcc.matching.network import MaCoSNet, Pyramid
from napari_jcc.matching.network.transforms import affine_points, pixel_centres
from napari_jcc.matching.training.images import to_unit
from napari_jcc.matching.training.known_pairs import sample_view
from napari_jcc.matching.training.random_transforms import random_crops
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.progress import Progress

CACHE_BYTES = 4 * 2**30
"""Memory that descriptions may take."""


class PairViews:
    """Crops of every image: view 0 is the image itself, odd views are mirrored.

    Parameters
    ----------
    images : (N, 3, H, W) uint8
        The images.
    config
        All settings.
    """

    def __init__(self, images: Tensor, config: MatchConfig) -> None:
        self._images = images
        self._side = config.network.input_size
        training = config.training
        varied = training.crop < 1 or training.flips
        self.count = training.views if varied else 1
        generator = generator_for(training.seed, "views")
        total = len(images) * self.count
        self._crops = random_crops(total, training.crop, False, generator)
        self._crops[:: self.count] = torch.tensor([1.0, 0, 0, 0, 1, 0])
        if training.flips:
            odd = torch.arange(total) % self.count % 2 == 1
            self._crops[odd, 0] *= -1
        self._cache: list[Pyramid] | None = None

    def draw(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a view of every image of samples (K, B), all of a sample of equal parity.

        Returns
        -------
        views : (K, B) int64
        """
        views = torch.randint(self.count, images.shape, generator=generator)
        if self.count > 1:
            parity = torch.randint(2, images.shape[1:], generator=generator)
            views = (views // 2 * 2 + parity).clamp_max(self.count - 1)
            # The last view of an odd number has no partner of the other parity.
            views = torch.where(views % 2 == parity, views, views - 1)
        return images * self.count + views

    def plain(self, images: Tensor) -> Tensor:
        """Return the view that is the image itself, of every image."""
        return images * self.count

    def images(self, views: Tensor) -> Tensor:
        """Draw views (B,) as images (B, 3, S, S) in [0, 1]."""
        centres = pixel_centres(self._side, self._side, self._crops)
        points = affine_points(self._crops[views], centres.expand(len(views), -1, -1))
        images = to_unit(self._images[views // self.count], "cpu")
        return sample_view(images, points, self._side)

    def describe(self, network: MaCoSNet, device: torch.device, progress: Progress) -> None:
        """Describe all views and keep them, if the memory suffices.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        total = len(self._crops)
        progress.start("Views", total)
        cache: list[Pyramid] = []
        for view in range(total):
            with torch.no_grad():
                pyramid = network.encode(self.images(torch.tensor([view])).to(device))
            cache.append(pyramid.half().to("cpu"))
            if _bytes(cache[0]) * total > CACHE_BYTES:
                return
            progress.advance()
        self._cache = cache

    def pyramids(self, views: Tensor) -> Pyramid | None:
        """Return the descriptions of views (B,), None if they are not kept."""
        if self._cache is None:
            return None
        found = [self._cache[view] for view in views.tolist()]
        skips = tuple(
            None if level[0] is None else torch.cat(level).float()
            for level in zip(*(pyramid.skips for pyramid in found), strict=True)
        )
        return Pyramid(torch.cat([pyramid.features for pyramid in found]).float(), skips)


def _bytes(pyramid: Pyramid) -> int:
    maps = [pyramid.features, *(skip for skip in pyramid.skips if skip is not None)]
    return sum(values.numel() * values.element_size() for values in maps)

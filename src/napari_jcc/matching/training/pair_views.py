"""Views of the images of a set, encoded once if the encoder is frozen."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.config import MatchConfig
from napari_jcc.matching.network import MaCoSNet, Pyramid
from napari_jcc.matching.network.images import to_float
from napari_jcc.matching.network.transforms import affine_points, pixel_centres
from napari_jcc.matching.training.random_transforms import random_crops
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.matching.training.samples import ImageSamples
from napari_jcc.matching.training.warped_pairs import sample_view
from napari_jcc.progress import Progress

CACHE_BYTES = 4 * 2**30
"""Memory for the feature maps of all views."""
PRIOR_WIDTH = 0.5
"""Standard deviation of the prior, in units of half the image side."""


def centre_prior(points: Tensor) -> Tensor:
    """Prior probability of object at points (..., 2) in normalised coordinates, (...)."""
    return torch.exp(-points.square().sum(dim=-1) / (2 * PRIOR_WIDTH**2))


def trains_encoder(config: MatchConfig) -> bool:
    """Whether the second stage trains the encoder."""
    return not config.network.encoder or config.training.encoder_learning_rate > 0


class PairViews:
    """Crops of every image: view 0 is the image itself, odd views are mirrored.

    Parameters
    ----------
    images : (N, 3, H, W) uint8
        The images.
    config
        All settings.
    guides : (N, 1, H, W) uint8
        Masks of the objects, from 0 to 255, if there are any.
    """

    def __init__(
        self, images: Tensor, config: MatchConfig, guides: Tensor | None = None
    ) -> None:
        self._images = images
        self._guides = guides
        self.guided = guides is not None
        self._config = config
        # Otherwise the cached feature maps suffice.
        self._needs_images = (
            config.network.cascade == "image"
            or config.losses.contrast_on == "image"
            or bool(config.losses.contrast_encoder)
        )
        self.images_count = len(images)
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
        images = to_float(self._images[views // self.count], "cpu")
        return sample_view(images, self._points(views), self._side)

    def load(self, views: Tensor, *, with_priors: bool = False) -> ImageSamples:
        """Gather views (K, B) as B samples of K images.

        Parameters
        ----------
        views : (K, B) int64
            The views.
        with_priors
            Whether to return priors: the guides, or else `centre_prior`.
        """
        pyramids = [self._pyramids(part) for part in views]
        known = [pyramid for pyramid in pyramids if pyramid is not None]
        unseen = bool(known) and not self._needs_images
        none = torch.empty(views.shape[1], 0)
        images = tuple(none if unseen else self.images(part) for part in views)
        priors = tuple(self._prior(part) for part in views) if with_priors else ()
        return ImageSamples(images, tuple(known) or None, priors)

    def describe(self, network: MaCoSNet, device: torch.device, progress: Progress) -> None:
        """Encode all views and keep the maps, if the encoder is frozen and they fit.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        if trains_encoder(self._config) or self._cache is not None:
            return
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

    def _points(self, views: Tensor) -> Tensor:
        """Where the pixels of views (B,) lie in their images, (B, S S, 2)."""
        centres = pixel_centres(self._side, self._side, self._crops)
        return affine_points(self._crops[views], centres.expand(len(views), -1, -1))

    def _prior(self, views: Tensor) -> Tensor:
        if self._guides is not None:
            guides = to_float(self._guides[views // self.count], "cpu")
            return sample_view(guides, self._points(views), self._side)
        values = centre_prior(self._points(views))
        return values.reshape(len(views), 1, self._side, self._side)

    def _pyramids(self, views: Tensor) -> Pyramid | None:
        """Return the cached feature maps of views (B,), or None."""
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

"""Views of the images, warped and encoded once, and paired in many ways.

A frozen encoder gives the same features for a view every time. V source views and V target
views of an image give V^2 pairs for 2 V encodings, which makes training on a CPU feasible.
As the heads would overfit to the V transformations among them, the features of the target
are warped once more, by another random transformation in every step.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.config import MatchConfig, SyntheticConfig
from napari_jcc.matching.network import MaCoSNet
from napari_jcc.matching.network.images import to_float
from napari_jcc.matching.network.transforms import (
    Chain,
    Transform,
    affine_points,
    compose_affine,
    invert_affine,
    pixel_centres,
    sampling_grid,
    warp,
)
from napari_jcc.matching.training.random_transforms import (
    jitter_colours,
    random_crops,
    random_transforms,
)
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.matching.training.warped_pairs import WarpedPairs, sample_view
from napari_jcc.progress import Progress

LEAST_CROP = 0.85
WARPED_TWICE = 0.7
"""Ranges of each of the two warps, as share of the settings; together they vary as much."""
ENCODED_AT_ONCE = 16
POOL_BYTES = 2 * 2**30
"""Memory for the feature maps; large sets get fewer views per image."""


class ViewPool:
    """Source views are parts of an image; target views are transformed parts.

    View v of an image is mirrored if v is odd; only views of equal parity are paired. With
    crops C, and the target's transformation T, the pair of source view i and target view j
    is related by C_i^-1 C_j T_j.

    Parameters
    ----------
    network
        Its encoder is used as it is.
    images : (N, 3, H, W) uint8
        The images.
    config
        All settings.
    device
        Where the encoder is.
    progress
        Told of every view.

    Raises
    ------
    Cancelled
        If the progress was cancelled.
    """

    def __init__(
        self,
        network: MaCoSNet,
        images: Tensor,
        config: MatchConfig,
        device: torch.device,
        progress: Progress,
    ) -> None:
        cells = network.config.grid**2 * network.encoder.channels()[0]
        fitting = POOL_BYTES // (2 * 2 * cells * len(images))
        self.views = max(2, min(config.synthetic.views, fitting) // 2 * 2)
        self._side = config.network.input_size
        self._images = images
        self._config = config
        total = len(images) * self.views
        generator = generator_for(config.training.seed, "pool")
        self._source_crop = self._crops(total, generator)
        self._target_crop = self._crops(total, generator)
        self._ranges = _shrink(config.synthetic, WARPED_TWICE)
        self._transform = random_transforms(total, self._ranges, generator)
        progress.start("Views", 2 * total)
        sources, targets = [], []
        for rows in torch.split(torch.arange(total), ENCODED_AT_ONCE):
            target = jitter_colours(
                self._draw_targets(rows), config.synthetic.jitter, generator
            )
            sources.append(_describe(network, self._draw_sources(rows), device))
            targets.append(_describe(network, target, device))
            progress.advance(2 * len(rows))
        self._source, self._target = torch.cat(sources), torch.cat(targets)

    def pairs(self, count: int, generator: torch.Generator) -> WarpedPairs:
        """Draw pairs at random.

        Parameters
        ----------
        count
            How many.
        generator
            Source of randomness.
        """
        image = torch.randint(len(self._images), (count,), generator=generator)
        halves = torch.randint(self.views // 2, (2, count), generator=generator)
        odd = torch.randint(2, (count,), generator=generator)
        source, target = image * self.views + 2 * halves + odd
        crops = compose_affine(
            invert_affine(self._source_crop[source]), self._target_crop[target]
        )
        known = self._transform[target]
        drawn = Transform(compose_affine(crops, known.affine), known.tps)
        again = random_transforms(count, self._ranges, generator)
        side = self._config.network.grid
        warped = warp(
            self._target[target].float(), sampling_grid(again, side, side), "reflection"
        )
        features = self._source[source].float(), warped
        transform = Chain(drawn, again)
        if self._config.network.cascade == "features":
            none = torch.empty(count, 0)
            return WarpedPairs(none, none, transform, features)
        return WarpedPairs(
            self._draw_sources(source), torch.empty(count, 0), transform, features
        )

    def _crops(self, total: int, generator: torch.Generator) -> Tensor:
        crops = random_crops(total, LEAST_CROP, False, generator)
        if self._config.training.flips:
            crops[1::2, 0] *= -1
        return crops

    def _draw_sources(self, views: Tensor) -> Tensor:
        """Source views (B, 3, S, S) in [0, 1]."""
        return self._draw(
            views, affine_points(self._source_crop[views], self._centres(views))
        )

    def _draw_targets(self, views: Tensor) -> Tensor:
        """Target views (B, 3, S, S) in [0, 1], before the change of colours."""
        moved = self._transform[views](self._centres(views))
        return self._draw(views, affine_points(self._target_crop[views], moved))

    def _draw(self, views: Tensor, points: Tensor) -> Tensor:
        images = to_float(self._images[views // self.views], "cpu")
        return sample_view(images, points, self._side)

    def _centres(self, views: Tensor) -> Tensor:
        centres = pixel_centres(self._side, self._side, self._source_crop)
        return centres.expand(len(views), -1, -1)


def _shrink(ranges: SyntheticConfig, share: float) -> SyntheticConfig:
    """Return smaller ranges of all transformations."""
    changes = {
        name: getattr(ranges, name) * share
        for name in ("rotation", "shear", "translation", "bend")
    }
    return ranges.model_copy(update={**changes, "scale": ranges.scale**share})


def _describe(network: MaCoSNet, images: Tensor, device: torch.device) -> Tensor:
    """Coarse maps in half precision, on the CPU."""
    with torch.no_grad():
        features = network.encode(images.to(device), with_skips=False).features
    return features.to("cpu", torch.float16)

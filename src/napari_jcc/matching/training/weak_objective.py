"""The loss of pairs of images of one kind: five terms and their weighted sum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import torch
from torch import Tensor, nn

from napari_jcc.config import LossConfig, MatchConfig
from napari_jcc.matching.losses import (
    consistency_loss,
    contrast_loss,
    cycle_loss,
    masked_images,
    masked_means,
    match_scores,
    matching_loss,
    partner_weights,
    transitivity_loss,
)
from napari_jcc.matching.network import MaCoSNet, Match, Pyramid, PyramidEncoder
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.model import build_encoder
from napari_jcc.matching.training.samples import ImageSamples


class WeakObjective(nn.Module):
    """The terms of equation (12) that the settings ask for.

    Parameters
    ----------
    network
        The network.
    config
        All settings.
    """

    contrast_scale: Tensor

    def __init__(self, network: MaCoSNet, config: MatchConfig) -> None:
        super().__init__()
        self.network = network
        self._config: LossConfig = config.losses
        self._frozen: PyramidEncoder = _contrast_encoder(network, config)
        self.register_buffer("contrast_scale", torch.ones(()))

    def train(self, mode: bool = True) -> Self:
        """Keep the running statistics of the heads, which the first stage has found."""
        super().train(mode)
        self.network.affine_head.eval()
        self.network.tps_head.eval()
        return self

    def set_contrast_scale(self, images: Iterable[Tensor]) -> None:
        """Scale features of images (1, 3, S, S), or of their cells, to a variance of 1."""
        if self._config.contrast_scale != "set":
            return
        with torch.no_grad():
            if self._config.contrast_on == "image":
                described = torch.cat([self._describe(image) for image in images])
            else:
                maps = [self._describe_cells(image) for image in images]
                described = torch.cat(maps).movedim(1, 3).flatten(0, 2)
            variance = described.var(dim=0).mean()
        self.contrast_scale.copy_(variance.clamp_min(1e-12).rsqrt())

    def forward(self, samples: ImageSamples) -> dict[str, Tensor]:
        """Terms (B,) by name before weighting, with the weighted sum as ``total``."""
        images = samples.images
        pyramids = samples.describe(self.network)
        # The points of a target are mapped into the source.
        a_to_b = self.network.match(pyramids[1], pyramids[0], images[1])
        b_to_a = self.network.match(pyramids[0], pyramids[1], images[0])
        terms: dict[str, Tensor] = {}
        masks = self._masks(pyramids, a_to_b, b_to_a)
        if self._config.use_matching:
            inside = (samples.priors[0], samples.priors[1]) if samples.priors else masks
            terms |= self._geometry(a_to_b, b_to_a, inside)
        if len(images) > 2 and self._config.use_matching:
            terms["transitivity"] = self._transitivity(images, pyramids, a_to_b)
        if self._config.use_segmentation:
            terms |= self._contrast(images, pyramids, masks)
        if self._config.use_matching and self._config.use_segmentation:
            terms["consistency"] = consistency_loss(
                masks, (b_to_a.transform, a_to_b.transform), self._config.detach
            )
        weighted = [getattr(self._config, name) * value for name, value in terms.items()]
        return {"total": torch.stack(weighted).sum(dim=0), **terms}

    def _masks(
        self, pyramids: tuple[Pyramid, ...], a_to_b: Match, b_to_a: Match
    ) -> tuple[Tensor, Tensor]:
        """Masks (B, 1, 16 g, 16 g) of the first two images; ones without the decoder."""
        if not self._config.use_segmentation:
            side = 16 * self.network.config.grid
            ones = pyramids[0].features.new_ones(len(pyramids[0].features), 1, side, side)
            return ones, ones
        return (
            self.network.mask(pyramids[0], a_to_b.correlation).float().sigmoid(),
            self.network.mask(pyramids[1], b_to_a.correlation).float().sigmoid(),
        )

    def _geometry(
        self, a_to_b: Match, b_to_a: Match, masks: tuple[Tensor, Tensor]
    ) -> dict[str, Tensor]:
        terms = {}
        grid = self.network.config.grid
        if self._config.matching:
            first, second = (
                match_scores(
                    match.correlation,
                    partner_weights(
                        match.transform,
                        grid,
                        self._config.radius,
                        self._config.neighbourhood,
                    ),
                )
                for match in (a_to_b, b_to_a)
            )
            small, other = (
                nn.functional.adaptive_avg_pool2d(mask, grid)[:, 0] for mask in masks
            )
            terms["matching"] = matching_loss((first, second), (small, other))
        if self._config.cycle:
            like = a_to_b.transform.affine
            terms["cycle"] = cycle_loss(a_to_b.transform, b_to_a.transform, like)
        return terms

    def _transitivity(
        self, images: tuple[Tensor, ...], pyramids: tuple[Pyramid, ...], a_to_b: Match
    ) -> Tensor:
        """Points of A go to B, on to C and back to A."""
        b_to_c = self.network.match(pyramids[2], pyramids[1], images[2]).transform
        c_to_a = self.network.match(pyramids[0], pyramids[2], images[0]).transform
        return transitivity_loss(a_to_b.transform, b_to_c, c_to_a, a_to_b.transform.affine)

    def _contrast(
        self,
        images: tuple[Tensor, ...],
        pyramids: tuple[Pyramid, ...],
        masks: tuple[Tensor, Tensor],
    ) -> dict[str, Tensor]:
        if not self._config.contrast:
            return {}
        objects, backgrounds = [], []
        for image, pyramid, mask in zip(images[:2], pyramids[:2], masks, strict=True):
            if self._config.contrast_on == "image":
                parts = masked_images(image, _resize(mask, image.shape[-1]))
                inside, outside = (self._describe(part) for part in parts)
            else:
                own = self._frozen is self.network.encoder
                cells = (
                    unit_length(pyramid.features) if own else self._describe_cells(image)
                )
                inside, outside = masked_means(cells, mask)
            objects.append(inside * self.contrast_scale)
            backgrounds.append(outside * self.contrast_scale)
        return {
            "contrast": contrast_loss(
                (objects[0], objects[1]),
                (backgrounds[0], backgrounds[1]),
                self._config.margin,
            )
        }

    def _describe(self, images: Tensor) -> Tensor:
        """Mean of the frozen encoder's coarsest map, (B, c)."""
        features = self._frozen(images, with_skips=False).features
        means: Tensor = features.float().mean(dim=(2, 3))
        return means

    def _describe_cells(self, images: Tensor) -> Tensor:
        """Cells of the frozen encoder's coarsest map, of length 1, (B, c, g, g)."""
        with torch.no_grad():
            features = self._frozen(images, with_skips=False).features
        return unit_length(features.float())


def _contrast_encoder(network: MaCoSNet, config: MatchConfig) -> PyramidEncoder:
    """Return the encoder of the contrast, never to be trained.

    This is the encoder of the network if it is frozen. Otherwise it is loaded again, not
    copied, so that a resumed run has the same weights.
    """
    name = config.losses.contrast_encoder or config.network.encoder
    frozen = config.network.encoder and config.training.encoder_learning_rate == 0
    if frozen and name == config.network.encoder:
        return network.encoder
    device = next(network.parameters()).device.type
    seed = config.training.seed
    return build_encoder(name, config.network.grid, device, seed).to(device)


def _resize(masks: Tensor, side: int) -> Tensor:
    if masks.shape[-1] == side:
        return masks
    return nn.functional.interpolate(masks, (side, side), mode="bilinear")

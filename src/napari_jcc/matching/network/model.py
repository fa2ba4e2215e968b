"""The network: encoder, correlation, transformation heads in cascade, mask decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from napari_jcc.config import NetworkConfig
from napari_jcc.matching.network.adaptation import Adaptation
from napari_jcc.matching.network.correlation import correlate
from napari_jcc.matching.network.decoder import MaskDecoder
from napari_jcc.matching.network.encoder import Pyramid, PyramidEncoder, Trunk
from napari_jcc.matching.network.heads import TransformHead
from napari_jcc.matching.network.transforms import (
    Transform,
    affine_points,
    pixel_centres,
    warp,
)
from napari_jcc.matching.network.trunks import load_trunk


@dataclass(frozen=True)
class Match:
    """Output of the network for source and target images.

    Attributes
    ----------
    transform
        Maps target points into the source.
    correlation : (B, g^2, g, g)
        Source cells as channels at target cells; see `correlate`.
    """

    transform: Transform
    correlation: Tensor


class MaCoSNet(nn.Module):
    """Transformation between two images of one kind, and a mask of either.

    After Chen, Lin, Yang and Huang (TPAMI 2020). The affine parameters are regressed from
    the correlation of the two images; the source is warped by them and encoded again; the
    parameters of the spline are regressed from the correlation of the warped source and
    the target.
    Together T(p) = affine(tps(p)). The mask of an image is decoded from its own features
    and the correlation in which it is the target.
    """

    def __init__(self, trunk: Trunk, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = PyramidEncoder(trunk, config.grid)
        identity = Transform.identity(1)
        grid, widths = config.grid, config.head_channels
        self.affine_head = TransformHead(grid, widths, identity.affine[0].clone())
        self.tps_head = TransformHead(grid, widths, identity.tps[0].clone())
        features, skips = self.encoder.channels()
        self.decoder = MaskDecoder(features, grid**2, config.decoder_channels, skips)
        # Created last, so that the random weights of the other parts do not depend on it.
        self.adaptation = Adaptation([features, skips[0]])

    def encode(self, images: Tensor, *, with_skips: bool = True) -> Pyramid:
        """Encode images (B, 3, S, S) in [0, 1]; the finer maps serve masks only."""
        pyramid: Pyramid = self.encoder(images, with_skips=with_skips)
        return pyramid

    def match(self, source: Pyramid, target: Pyramid, source_images: Tensor) -> Match:
        """Find the transformation from target points to source points.

        The warp between the two steps is detached: no gradient flows from the spline to the
        affine head through the warped source.

        Parameters
        ----------
        source, target
            Feature maps of B images each.
        source_images : (B, 3, S, S)
            The source images; unused if the cascade works on features.
        """
        correlation = correlate(source.features, target.features)
        affine = self.affine_head(correlation)
        warped = self._warp(source, affine.detach(), source_images)
        tps = self.tps_head(correlate(warped, target.features))
        return Match(Transform(affine, tps), correlation)

    def mask(self, target: Pyramid, correlation: Tensor) -> Tensor:
        """Mask logits (B, 1, 16 g, 16 g) of the target of a correlation."""
        logits: Tensor = self.decoder(target.features, correlation, target.skips)
        return logits

    def forward(self, source_images: Tensor, target_images: Tensor) -> tuple[Match, Tensor]:
        """Match images (B, 3, S, S) in [0, 1]; also return the target's mask logits."""
        source = self.encode(source_images, with_skips=False)
        target = self.encode(target_images)
        match = self.match(source, target, source_images)
        return match, self.mask(target, match.correlation)

    def _warp(self, source: Pyramid, affine: Tensor, images: Tensor) -> Tensor:
        by_features = self.config.cascade == "features"
        side = self.config.grid if by_features else self.config.input_size
        points = affine_points(affine, pixel_centres(side, side, affine))
        grid = points.reshape(len(affine), side, side, 2)
        if by_features:
            return warp(source.features, grid, "border")
        with torch.no_grad():
            warped = warp(images, grid, "border")
        return self.encode(warped, with_skips=False).features


def build_encoder(name: str, grid: int, device: str, seed: int) -> PyramidEncoder:
    """Build the encoder called `name`; the small random one depends on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PyramidEncoder(load_trunk(name, device), grid)


def build_network(config: NetworkConfig, device: str, seed: int) -> MaCoSNet:
    """Build an untrained network, the same for the same seed.

    Parameters
    ----------
    config
        Encoder and sizes.
    device
        cpu, cuda or mps.
    seed
        Seed of the random weights; the global random state is restored.

    Raises
    ------
    WeightsError
        If the encoder cannot be had.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MaCoSNet(load_trunk(config.encoder, device), config)
    return network.to(device)

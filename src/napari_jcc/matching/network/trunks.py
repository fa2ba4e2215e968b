"""Networks to describe images with: a user's own, or one trained from nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from torch import Tensor, nn

from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders import Encoder, load_encoder
from napari_jcc.features.encoders.geometry import Grid, measure_grids
from napari_jcc.matching.network.encoder import COARSE_STRIDE, Trunk

SMALL_CHANNELS = (16, 32, 64, 128)
NO_FINGERPRINT = "none"
"""Fingerprint of the small network, which starts from random weights."""


class LoadedTrunk:
    """An encoder of the user's choice; see `napari_jcc.features.encoders.load_encoder`.

    Raises
    ------
    WeightsError
        If the encoder cannot be used on images of any size.
    """

    def __init__(self, encoder: Encoder, device: str) -> None:
        self._encoder = encoder
        self.fingerprint = encoder.fingerprint
        self.multiple = encoder.multiple
        self.module = cast("nn.Module", encoder.module)
        try:
            self.grids = (
                [Grid(encoder.patch, (encoder.patch - 1) / 2)]
                if encoder.patch
                else measure_grids(encoder.maps, device)
            )
        except (RuntimeError, AssertionError) as error:
            raise WeightsError(
                f"The encoder {encoder.name} does not take images of any size: {error}. "
                "Export it with dynamic batch, height and width, or name another."
            ) from error

    def maps(self, images: Tensor) -> list[Tensor]:
        """Return maps (B, D, h, w), fine to coarse."""
        return self._encoder.maps(images)


class SmallTrunk:
    """Four convolutions of stride 2 each, with random weights to be trained."""

    multiple = 16

    def __init__(self) -> None:
        widths = (3, *SMALL_CHANNELS)
        self.module: nn.Module = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, after, 3, 2, 1), nn.ReLU())
            for before, after in pairwise(widths)
        )
        self.fingerprint = NO_FINGERPRINT
        # A convolution of stride 2 that pads by 1 is centred on every second cell.
        self.grids = [Grid(2 ** (level + 1), 0.0) for level in range(len(SMALL_CHANNELS))]

    def maps(self, images: Tensor) -> list[Tensor]:
        """Return maps (B, D, h, w) at strides 2, 4, 8 and 16."""
        maps, found = 2 * images - 1, []
        for step in self.module.children():
            maps = step(maps)
            found.append(maps)
        return found


def load_trunk(name: str, device: str) -> Trunk:
    """Return the network called `name`, or a small random one if the name is empty.

    `device` is cpu, cuda or mps.

    Raises
    ------
    WeightsError
        If the encoder, or a package it needs, cannot be had; the message says what would
        be needed.
    """
    if not name:
        return SmallTrunk()
    # Of its own, not the one that is shared: training may change it.
    encoder = load_encoder.__wrapped__(name, device, COARSE_STRIDE)
    return LoadedTrunk(encoder, device)

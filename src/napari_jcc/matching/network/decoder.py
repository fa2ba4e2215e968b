"""Decodes a mask from features and a correlation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

SKIP_STRIDES = (8, 4, 2)
"""Strides, in the paper's input, of the maps that are added on the way up."""


class MaskDecoder(nn.Module):
    """Four transposed convolutions, each doubling the resolution, with additive skips.

    Parameters
    ----------
    features
        Channels of the encoder's coarsest map.
    cells
        Cells of the other image, the channels of the correlation.
    channels
        Channels after the first three steps.
    skips
        Channels of the encoder's maps at twice, four and eight times the working grid; 0
        where there is none.
    """

    def __init__(
        self, features: int, cells: int, channels: Sequence[int], skips: Sequence[int]
    ) -> None:
        super().__init__()
        widths = [features + cells, *channels]
        self.steps = nn.ModuleList(
            _double(before, after) for before, after in pairwise(widths)
        )
        self.skips = nn.ModuleList(
            _fit(skip, width) for skip, width in zip(skips, channels, strict=True)
        )
        self.last = nn.ConvTranspose2d(widths[-1], 1, 3, 2, 1, 1)

    def forward(
        self, features: Tensor, correlation: Tensor, skips: Sequence[Tensor | None]
    ) -> Tensor:
        """Mask logits of the target.

        Parameters
        ----------
        features : (B, D, g, g)
            The encoder's coarsest map of the target, as it is.
        correlation : (B, g^2, g, g)
            Of the other image as source with this one as target.
        skips
            Maps (B, D', 2 g, 2 g), (B, D'', 4 g, 4 g), (B, D''', 8 g, 8 g), or None.

        Returns
        -------
        logits : (B, 1, 16 g, 16 g)
        """
        maps = torch.cat([features, correlation], dim=1)
        for step, fit, skip in zip(self.steps, self.skips, skips, strict=True):
            maps = step(maps)
            if skip is not None:
                maps = maps + fit(skip)
        logits: Tensor = self.last(maps)
        return logits


def _double(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(before, after, 3, 2, 1, 1),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


def _fit(channels: int, width: int) -> nn.Module:
    """Project a skip to the width of the decoder, if it differs."""
    return nn.Identity() if channels in (0, width) else nn.Conv2d(channels, width, 1)

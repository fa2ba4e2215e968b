"""Decodes a mask from features and a correlation, and puts it where the object is.

A kernel of three that doubles the resolution cannot be centred. It moves a map by half a
pixel of its own, up and to the left if the first row and column are cropped, as is usual,
and else down and to the right. Four steps cropped alike move a mask by 7.5 pixels. They put
the maps of a ResNet, which are displaced as much, back into place, but here maps are
resampled to centred cells. So the first step moves by -4 pixels and the others by 2, 1 and
0.5: after each of them the map lies half a cell, at the end half a pixel, up and to the
left. Skips are moved as far before they are added.
"""

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
            _double(before, after, crop_first=number == 0)
            for number, (before, after) in enumerate(pairwise(widths))
        )
        self.skips = nn.ModuleList(
            _fit(skip, width) for skip, width in zip(skips, channels, strict=True)
        )
        self.last = Doubling(widths[-1], 1, crop_first=False)

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
                maps = maps + _move(fit(skip))
        logits: Tensor = self.last(maps)
        return logits


class Doubling(nn.ConvTranspose2d):
    """Transposed convolution with a kernel of three that doubles height and width.

    Parameters
    ----------
    before, after
        Channels.
    crop_first
        Crop the first row and column of its output, else the last.
    """

    def __init__(self, before: int, after: int, *, crop_first: bool) -> None:
        super().__init__(before, after, 3, stride=2)
        self.crop_first = crop_first

    def forward(self, maps: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Double maps (B, C, h, w)."""
        full = super().forward(maps, output_size)
        return full[..., 1:, 1:] if self.crop_first else full[..., :-1, :-1]


def _double(before: int, after: int, *, crop_first: bool) -> nn.Module:
    return nn.Sequential(
        Doubling(before, after, crop_first=crop_first),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


def _move(maps: Tensor) -> Tensor:
    """Move maps half a cell up and to the left, where those of the decoder are."""
    extended = nn.functional.pad(maps, (0, 1, 0, 1), mode="replicate")
    return nn.functional.avg_pool2d(extended, 2, 1)


def _fit(channels: int, width: int) -> nn.Module:
    """Project a skip to the width of the decoder, if it differs."""
    return nn.Identity() if channels in (0, width) else nn.Conv2d(channels, width, 1)

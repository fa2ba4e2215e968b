"""Feature maps on the working grid, from any network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor, nn

from napari_jcc.features.encoders.geometry import Grid
from napari_jcc.matching.network.decoder import SKIP_STRIDES

COARSE_STRIDE = 16
SKIP_SCALES = tuple(COARSE_STRIDE // stride for stride in SKIP_STRIDES)
"""Cells of every finer map for one of the working grid, along each side."""
MEASURED_CELLS = 8
"""Cells along each side of the image on which the maps of a trunk are measured."""
NEAR_ENOUGH = 0.25
"""Largest offset of a cell of the trunk from the one wanted, in cells."""
MERGING = 1.5
"""Cells per wanted cell from which on they are averaged instead of interpolated."""


class Trunk(Protocol):
    """A network that computes several feature maps of an image."""

    fingerprint: str
    """Tells weights apart."""
    multiple: int
    """Sides of the images must be multiples of this."""
    grids: list[Grid]
    """Where the cells of every map lie, fine to coarse."""
    module: nn.Module
    """What holds the weights."""

    def maps(self, images: Tensor) -> list[Tensor]:
        """Return maps (B, D, h, w), fine to coarse, of images (B, 3, H, W) in [0, 1]."""
        ...


@dataclass(frozen=True)
class Pyramid:
    """Feature maps of a batch of images, with evenly spaced cell centres.

    Attributes
    ----------
    features : (B, D, g, g)
        On the working grid.
    skips
        Maps (B, D', 2 g, 2 g), (B, D'', 4 g, 4 g), (B, D''', 8 g, 8 g), None where the
        trunk has none of that stride.
    """

    features: Tensor
    skips: tuple[Tensor | None, ...]

    def __getitem__(self, rows: slice | Tensor) -> Pyramid:
        """Keep some of the images."""
        return self._each(lambda maps: maps[rows])

    def to(self, device: torch.device | str) -> Pyramid:
        """Move to a device."""
        return self._each(lambda maps: maps.to(device))

    def half(self) -> Pyramid:
        """Convert to half precision, for storage."""
        return self._each(Tensor.half)

    def float(self) -> Pyramid:
        """Convert to single precision, for computation."""
        return self._each(Tensor.float)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Pyramid:
        skips = tuple(None if skip is None else change(skip) for skip in self.skips)
        return Pyramid(change(self.features), skips)


class PyramidEncoder(nn.Module):
    """A trunk whose maps are resampled to the working grid and its finer multiples.

    Networks differ in where the cells of their maps lie. Every map is sampled at the
    centres of the cells wanted. If the coarsest cells of the trunk end too far from the
    border, or would lie between those wanted, the image is padded by replicating its
    border. It is padded no more than needed, because cells that see mostly padding are
    mistaken for each other.

    Parameters
    ----------
    trunk
        The network.
    grid
        Cells of the working grid along each side.
    """

    def __init__(self, trunk: Trunk, grid: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.module = trunk.module
        self.grid = grid
        self._coarse, self._finer = _choose_levels(trunk.grids)
        wanted = trunk.grids[self._coarse]
        place = next(self.module.parameters(), torch.empty(0)).device
        side = MEASURED_CELLS * math.lcm(wanted.stride, trunk.multiple)
        with torch.no_grad():
            maps = trunk.maps(torch.zeros(1, 3, side, side, device=place))
        coarse = maps[self._coarse]
        self._borders = _choose_borders(wanted, side, coarse.shape[3])
        skips = [0 if level is None else maps[level].shape[1] for level in self._finer]
        self._channels = coarse.shape[1], skips

    def train(self, mode: bool = True) -> Self:
        """Leave the trunk as for inference: its normalisation keeps its statistics."""
        self.training = mode
        return self

    def channels(self) -> tuple[int, list[int]]:
        """Channels on the working grid, and those of the skips, 0 where there is none."""
        return self._channels

    def forward(
        self,
        images: Tensor,
        *,
        with_skips: bool = True,
        cells: int | None = None,
    ) -> Pyramid:
        """Compute the maps of square images.

        Parameters
        ----------
        images : (B, 3, S, S) float
            RGB in [0, 1].
        with_skips
            Whether to compute the finer maps.
        cells
            Cells along each side; None: those of the working grid.
        """
        side, cells = images.shape[-1], cells or self.grid
        maps = self.trunk.maps(self._extend(images))
        coarse = self._sample(maps, self._coarse, side, cells)
        skips: tuple[Tensor | None, ...] = (None,) * len(SKIP_STRIDES)
        if with_skips:
            skips = tuple(
                None if level is None else self._sample(maps, level, side, cells * scale)
                for level, scale in zip(self._finer, SKIP_SCALES, strict=True)
            )
        return Pyramid(coarse, skips)

    def _extend(self, images: Tensor) -> Tensor:
        lead, tail = self._borders
        tail += -(images.shape[-1] + lead + tail) % self.trunk.multiple
        return nn.functional.pad(images, (lead, tail, lead, tail), mode="replicate")

    def _sample(self, maps: list[Tensor], level: int, side: int, cells: int) -> Tensor:
        own, grid, lead = maps[level], self.trunk.grids[level], self._borders[0]
        rows = _weights(own.shape[2], grid, lead, side, cells, own)
        columns = _weights(own.shape[3], grid, lead, side, cells, own)
        return rows @ own @ columns.T


def _choose_borders(grid: Grid, side: int, count: int) -> tuple[int, int]:
    """Pixels to pad images by, before and after, for `count` cells on `side` pixels."""
    centre = (grid.stride - 1) / 2
    near = grid.stride * NEAR_ENOUGH
    last = side - 1 - (grid.offset + (count - 1) * grid.stride)
    late, early = (grid.offset - centre) % grid.stride, last - centre
    return (
        0 if late > grid.stride - near else round(late),
        0 if early <= near else math.ceil(early),
    )


def _choose_levels(grids: list[Grid]) -> tuple[int, list[int | None]]:
    """Places of the coarsest map to use, then of those at strides 8, 4 and 2."""
    strides = [grid.stride for grid in grids]
    fitting = [place for place, stride in enumerate(strides) if stride <= COARSE_STRIDE]
    coarse = fitting[-1] if fitting else min(range(len(grids)), key=strides.__getitem__)
    last = {stride: place for place, stride in enumerate(strides) if place != coarse}
    return coarse, [last.get(stride) for stride in SKIP_STRIDES]


def _weights(
    length: int, grid: Grid, lead: int, side: int, cells: int, like: Tensor
) -> Tensor:
    """Shares of a map's `length` cells in each of the `cells` wanted; rows sum to 1.

    Linear interpolation, or where cells are merged a tent as wide as the wanted ones.
    """
    spacing = side / cells
    centre = (torch.arange(cells, dtype=torch.float64) + 0.5) * spacing - 0.5 + lead
    place = ((centre - grid.offset) / grid.stride).clamp(0, length - 1)
    # Only where whole cells are merged: a tent hardly wider than a cell would shift it.
    ratio = spacing / grid.stride
    reach = ratio if ratio >= MERGING else 1.0
    distance = (place[:, None] - torch.arange(length, dtype=torch.float64)).abs()
    shares = (1 - distance / reach).clamp_min(0)
    return (shares / shares.sum(dim=1, keepdim=True)).to(like)

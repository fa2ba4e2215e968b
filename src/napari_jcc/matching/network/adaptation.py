"""Low-rank linear adaptation of an encoder's feature maps to matching."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from napari_jcc.matching.network.encoder import Pyramid

RANK = 64
"""Rank of the linear map."""


class Adaptation(nn.Module):
    """Residual linear map of low rank, x + x A B, of the cells of two levels.

    An encoder was trained to tell kinds of objects apart. Which of its channels identify
    the parts of an object, and which only describe one photograph, can be learned from
    images of one kind. Before training B is zero, so that cells stay as they are. A is
    stored as `look`, B as `add`, the names in checkpoints.

    Parameters
    ----------
    channels
        Channels of the coarsest map and of the next finer one; 0 if there is none.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.look = nn.ParameterList(
            torch.randn(width, RANK) * max(width, 1) ** -0.5 for width in channels
        )
        self.add = nn.ParameterList(torch.zeros(RANK, width) for width in channels)
        self._left_out = False

    def forward(self, cells: Tensor, level: int) -> Tensor:
        """Adapt cells (..., D) of a level, 0 being the coarsest map."""
        moved: Tensor = cells + cells @ self.look[level] @ self.add[level]
        return moved

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Within this context `adapt` returns maps unchanged."""
        self._left_out = True
        try:
            yield
        finally:
            self._left_out = False

    def adapt(self, pyramid: Pyramid) -> Pyramid:
        """Adapt the two maps that the refinement compares."""
        if self._left_out:
            return pyramid
        first, *rest = pyramid.skips
        first = None if first is None else self._maps(first, 1)
        return Pyramid(self._maps(pyramid.features, 0), (first, *rest))

    def _maps(self, maps: Tensor, level: int) -> Tensor:
        adapted: Tensor = self(maps.movedim(1, 3), level)
        return adapted.movedim(3, 1)

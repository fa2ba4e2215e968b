"""Maps of an encoder, adapted to what matching asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from napari_jcc.matching.network.encoder import Pyramid

RANK = 64
"""Directions in which cells are moved."""


class Adaptation(nn.Module):
    """Adds to every cell what a linear map of low rank makes of it, on two levels.

    An encoder was trained to tell kinds of things apart. Which of its channels say what
    part of a thing lies somewhere, and which only what one photograph is like, is for the
    images of one kind to say. Untrained, `add` is zero and cells stay as they are.

    Parameters
    ----------
    channels
        Of the coarsest map and of the next finer one, 0 where there is none.
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
        """Let `adapt` leave maps as they are for a while."""
        self._left_out = True
        try:
            yield
        finally:
            self._left_out = False

    def adapt(self, pyramid: Pyramid) -> Pyramid:
        """Adapt the two maps that the refinement looks at."""
        if self._left_out:
            return pyramid
        first, *rest = pyramid.skips
        first = None if first is None else self._maps(first, 1)
        return Pyramid(self._maps(pyramid.features, 0), (first, *rest))

    def _maps(self, maps: Tensor, level: int) -> Tensor:
        adapted: Tensor = self(maps.movedim(1, 3), level)
        return adapted.movedim(3, 1)

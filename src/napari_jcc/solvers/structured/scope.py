"""Which variables share the step length and the centring of an interior-point step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.layout import Layout


class Scope(Protocol):
    """Reduces vectors of variables (V',) and of rows (M',) together.

    Both results broadcast against the vectors they come from.
    """

    def total(self, variables: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Sum, for variables and for rows."""
        ...

    def largest(self, variables: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Largest value, for variables and for rows."""
        ...


class AllImages:
    """All images together: the dual equation falls as the step is long.

    Parameters
    ----------
    exchange
        Sums over images held elsewhere.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def total(self, variables: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Sum over all images, (1,)."""
        value = self._exchange.total((variables.sum() + rows.sum())[None])
        return value, value

    def largest(self, variables: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Largest of all images, (1,)."""
        value = self._exchange.largest(torch.cat([variables, rows]).amax(0, keepdim=True))
        return value, value


class EachImage:
    """Every image by itself, so that the worst one holds up no other.

    Images meet in the low-rank terms alone. What unequal lengths leave of the dual
    equation there is part of the next step, and vanishes as they come near 1.

    Parameters
    ----------
    layout : Layout
    """

    def __init__(self, layout: Layout) -> None:
        self._groups = layout.groups

    def total(self, variables: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Sum over the image that each belongs to, (V',) and (M',)."""
        return self._reduce(torch.sum, variables, rows)

    def largest(self, variables: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Largest value in the image that each belongs to, (V',) and (M',)."""
        return self._reduce(torch.amax, variables, rows)

    def _reduce(
        self, reduce: Callable[..., Tensor], variables: Tensor, rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        results = torch.empty_like(variables), torch.empty_like(rows)
        for group in self._groups:
            places = group.variables, group.all_rows
            own = [
                vector[place].view(len(group.images), -1)
                for vector, place in zip((variables, rows), places, strict=True)
            ]
            value = reduce(torch.cat(own, dim=1), dim=1, keepdim=True)
            for result, place, part in zip(results, places, own, strict=True):
                result[place] = value.expand_as(part).reshape(-1)
        return results

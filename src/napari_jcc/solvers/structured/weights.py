"""Weights of bounds and rows that make a method independent of their units."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.solvers.structured.blocks import Blocks

LEAST_BOUND_WEIGHT = 0.1
"""In units of the mean cost. Where smoothness is the only cost of superpixels its diagonal
spans six decades, and duals of bounds with tiny weights would grow for as many steps."""


def bound_weights(blocks: Blocks) -> Tensor:
    """Diagonal d of the cost, 1 where it has none, (V',)."""
    diagonal = blocks.cost_diagonal
    return torch.where(diagonal > 0, diagonal.clamp_min(LEAST_BOUND_WEIGHT), 1.0)


def row_weights(blocks: Blocks, d: Tensor) -> Tensor:
    r"""1 / (a diag(d)^-1 a') of every row, 1 of empty ones, (M',)."""
    square = blocks.rows.values() ** 2 / d[blocks.rows.col_indices()]
    size = torch.zeros_like(blocks.row_lower).index_add(0, row_numbers(blocks), square)
    return torch.where(size > 0, 1.0 / size.clamp_min(1e-12), 1.0)


def row_numbers(blocks: Blocks) -> Tensor:
    """Row of every entry of A, (nonzeros,) int64."""
    count = blocks.rows.crow_indices().diff()
    return torch.repeat_interleave(torch.arange(len(count), device=count.device), count)

"""Similarity of every cell of one feature map to every cell of another."""

from __future__ import annotations

import torch
from torch import Tensor


def correlate(source: Tensor, target: Tensor) -> Tensor:
    """Correlate all cells of two feature maps.

    Features are normalised per cell and compared by their inner product; negative values
    are set to 0, and the result is normalised per target cell.

    Parameters
    ----------
    source : (B, D, h, w)
        Feature map of the source.
    target : (B, D, h', w')
        Feature map of the target.

    Returns
    -------
    correlation : (B, h w, h', w')
        Entry (b, k, i, j) compares source cell k = w * row + column with target cell
        (i, j). The L2 norm over k is 1, or 0 for a target cell similar to none.
    """
    raw = torch.einsum(
        "bdk,bdij->bkij", unit_length(source).flatten(2), unit_length(target)
    )
    return unit_length(torch.relu(raw))


def unit_length(maps: Tensor) -> Tensor:
    """Scale every cell of maps (B, D, h, w) to L2 norm 1; zeros stay."""
    # Added inside the root, so that the gradient at zero is finite.
    return maps / (maps.square().sum(dim=1, keepdim=True) + 1e-12).sqrt()

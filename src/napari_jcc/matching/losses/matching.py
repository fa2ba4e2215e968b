"""Matching: what the transformation brings together is alike, inside the masks."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.matching.network.transforms import Transform, pixel_centres

ROUNDING = 1e-4
"""Cells. Neighbours are a whole number of cells away but for rounding."""


def partner_weights(
    transform: Transform, grid: int, radius: float, neighbourhood: str
) -> Tensor:
    """Which source cells count as partners of every target cell: m of equation (1).

    With d the distance, in cells, of source cell q from where target cell p leads:
    ``hard`` is 1 for d <= radius and else 0, as printed; ``soft`` is
    max(0, 1 - d / (radius + 1)), through which the transformation can be learned.

    Parameters
    ----------
    transform
        Maps target points into the source.
    grid
        Cells along each side.
    radius
        In cells.
    neighbourhood
        ``hard`` or ``soft``.

    Returns
    -------
    weights : (B, grid^2, grid^2)
        Entry (b, q, p), in [0, 1].
    """
    cells = pixel_centres(grid, grid, transform.affine)
    places = transform(cells.expand(len(transform.affine), -1, -1))  # (B, p, 2)
    offsets = cells[:, :, None] - places[:, None]  # (B, q, p, 2)
    distance: Tensor = torch.linalg.vector_norm(offsets, dim=-1) * grid / 2
    if neighbourhood == "hard":
        return (distance <= radius + ROUNDING).to(distance)
    return (1 - distance / (radius + 1)).clamp_min(0)


def match_scores(correlation: Tensor, weights: Tensor) -> Tensor:
    """Agreement of every target cell with its partners: s of equation (2).

    Parameters
    ----------
    correlation : (B, q, g, g)
        As `correlate` returns it.
    weights : (B, q, g^2)
        Of `partner_weights`.

    Returns
    -------
    scores : (B, g, g)
    """
    scores = (correlation.flatten(2) * weights).sum(dim=1)
    return scores.reshape(len(correlation), *correlation.shape[2:])


def matching_loss(scores: tuple[Tensor, Tensor], masks: tuple[Tensor, Tensor]) -> Tensor:
    """Negative agreement inside both masks, equation (3), (B,).

    Parameters
    ----------
    scores : (B, g, g) each
        Of the cells of either image, as target of the other.
    masks : (B, g, g) each
        Of the same images, in [0, 1].
    """
    first, second = (
        (score * mask).sum(dim=(1, 2)) for score, mask in zip(scores, masks, strict=True)
    )
    return -(first + second)

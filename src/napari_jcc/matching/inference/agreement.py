"""How much of what looks alike lies where a transformation leads."""

from __future__ import annotations

from torch import Tensor

from napari_jcc.matching.losses import match_scores, partner_weights
from napari_jcc.matching.network import Transform

SCORE_RADIUS = 1.0
"""Cells around where a point leads that count."""


def explained_share(transform: Transform, correlation: Tensor) -> float:
    """Share of the energy of a correlation (1, g^2, g, g) that lies where points lead."""
    grid = correlation.shape[-1]
    weights = partner_weights(transform, grid, SCORE_RADIUS, "hard")
    return float(match_scores(correlation.square(), weights).mean())

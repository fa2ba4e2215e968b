"""The five terms that pairs of images are learned from, one value per sample each.

Numbers of equations are those of Chen, Lin, Yang and Huang (TPAMI 2020).
"""

from napari_jcc.matching.losses.consistency import consistency_loss
from napari_jcc.matching.losses.contrast import contrast_loss, masked_images, masked_means
from napari_jcc.matching.losses.cycle import cycle_loss, round_trip, transitivity_loss
from napari_jcc.matching.losses.matching import (
    match_scores,
    matching_loss,
    partner_weights,
)

__all__ = [
    "consistency_loss",
    "contrast_loss",
    "cycle_loss",
    "masked_images",
    "masked_means",
    "match_scores",
    "matching_loss",
    "partner_weights",
    "round_trip",
    "transitivity_loss",
]

"""Cuts: candidate thresholds of a smoothed map, and the masks that they make."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.results.pieces import drop_pieces


class Cut(NamedTuple):
    """How the mask of an image differs from that of the common rule.

    Attributes
    ----------
    step
        How much higher the map is cut.
    least_piece
        Pieces smaller than this share of the largest are dropped.
    """

    step: float = 0.0
    least_piece: float = 0.0


OWN_CUT = Cut()
STEPS = (-0.2, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2)
LEAST_PIECES = (0.0, 0.3, 1.0)
CUTS = tuple(Cut(step, least) for step in STEPS for least in LEAST_PIECES)
"""Those that are rated; a tenth of a map's range moves most outlines by a few pixels."""


def cut_above(values: Float32Array, level: float, cut: Cut) -> MaskArray:
    """Pixels of a map (h, w) above `level` as `cut` moves it, without the small pieces."""
    mask = np.asarray(values > level + cut.step)
    return drop_pieces(mask, cut.least_piece) if cut.least_piece > 0 else mask

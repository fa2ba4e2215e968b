"""Whether what is found in a set lies within the images, as objects do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import MaskArray

EDGE = 0.02
"""Width of the strip along a side, as a share of the image, that counts as its edge."""
FEWEST = 5
"""Images below which a majority says nothing."""


def runs_out(masks: Sequence[MaskArray]) -> bool:
    """Whether most masks reach the left side, and most the right; or top and bottom.

    Shores, roads and horizons do. Objects are cut off at one side or another, and a few
    fill the width of their image.

    Parameters
    ----------
    masks : list of (h, w) bool
        Of all images of a set; of fewer than `FEWEST` the answer is no.
    """
    if len(masks) < FEWEST:
        return False
    left, right, top, bottom = np.mean([_reached_sides(mask) for mask in masks], axis=0)
    return bool(min(left, right) > 0.5 or min(top, bottom) > 0.5)


def _reached_sides(mask: MaskArray) -> NDArray[np.bool_]:
    """Whether a mask reaches left, right, top and bottom, (4,)."""
    height, width = mask.shape
    down, across = max(1, round(EDGE * height)), max(1, round(EDGE * width))
    sides = mask[:, :across], mask[:, -across:], mask[:down], mask[-down:]
    return np.array([side.any() for side in sides])

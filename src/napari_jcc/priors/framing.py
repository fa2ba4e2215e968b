"""Whether what is found in a set lies within the images, as objects do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import FloatArray, MaskArray

EDGE = 0.02
"""Width of the strip along a side, as a share of the image, that counts as its edge."""
FEWEST = 5
"""Images below which a majority says nothing."""


REMAINING = 0.25
"""Share of what ran out of the images that may still do so where a border was learned
firmly. Of boats along a shore .17 or less does, in sets cut so that the object fills the
width, .35 or more (docs/benchmarks/tried.md)."""


def runs_out(masks: Sequence[MaskArray]) -> bool:
    """Whether most masks reach the left side, and most the right; or top and bottom.

    Shores, roads and horizons do. Objects are cut off at one side or another, and a few
    fill the width of their image.

    Parameters
    ----------
    masks : list of (h, w) bool
        Of all images of a set; of fewer than `FEWEST` the answer is no.
    """
    return len(masks) >= FEWEST and bool((_share_at_sides(masks) > 0.5).any())


def comes_off(before: Sequence[MaskArray], after: Sequence[MaskArray]) -> bool:
    """Whether masks that ran out of their images do so no more.

    A shore comes off as a whole when the border is learned firmly. Of objects that fill
    their images, trains for one, only parts do, and these belong to them.

    Parameters
    ----------
    before, after : list of (h, w) bool
        Of the same images, in which `before` runs out.
    """
    ran, runs = _share_at_sides(before), _share_at_sides(after)
    return bool((runs <= REMAINING * ran)[ran > 0.5].all())


def _share_at_sides(masks: Sequence[MaskArray]) -> FloatArray:
    """Share of masks that reach both left and right, then top and bottom, (2,).

    Either side may be reached in other images: the smaller of its two shares counts.
    """
    left, right, top, bottom = np.mean([_reached_sides(mask) for mask in masks], axis=0)
    return np.array([min(left, right), min(top, bottom)])


def _reached_sides(mask: MaskArray) -> NDArray[np.bool_]:
    """Whether a mask reaches left, right, top and bottom, (4,)."""
    height, width = mask.shape
    down, across = max(1, round(EDGE * height)), max(1, round(EDGE * width))
    sides = mask[:, :across], mask[:, -across:], mask[:down], mask[-down:]
    return np.array([side.any() for side in sides])

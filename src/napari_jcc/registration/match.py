"""The result of matching two images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_jcc._types import FloatArray, MaskArray

PointMap = Callable[[FloatArray], FloatArray]
"""From points (K, 2), x and y in pixels of one image, to points (K, 2) of another."""


@dataclass(frozen=True)
class PairMatch:
    """The result of matching two images, as functions of points.

    Attributes
    ----------
    transfer
        Maps points of the target to the source. In pixels, with the centre of the first
        pixel at 0; points and results may lie outside the images.
    confidence
        Confidence at points (K, 2) of the target: (K,) in [0, 1]; None from matchers that
        give none.
    back
        Maps points of the source to the target; None from matchers that match one direction
        at a time.
    find_masks
        Computes the masks of the object in source and target, (H, W) bool each, which takes
        as long as the match; None from matchers that segment nothing.
    """

    transfer: PointMap
    confidence: Callable[[FloatArray], FloatArray] | None = None
    back: PointMap | None = None
    find_masks: Callable[[], tuple[MaskArray, MaskArray]] | None = None

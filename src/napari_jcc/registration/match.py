"""What is known about two images once they are matched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_jcc._types import FloatArray, MaskArray

PointMap = Callable[[FloatArray], FloatArray]
"""From points (K, 2), x and y in pixels of one image, to points (K, 2) of another."""


@dataclass(frozen=True)
class PairMatch:
    """What is known about two images once they are matched.

    Attributes
    ----------
    transfer
        Carries points of the target to the source. Pixels, where the centre of the first
        one is at 0; points beyond the image are allowed, both ways.
    confidence
        How sure the matcher is at points (K, 2) of the target: (K,) in [0, 1]; None where
        it cannot tell.
    back
        Carries points of the source to the target; None from matchers that do not find
        both ways at once.
    find_masks
        Finds the object in source and target, (H, W) bool each, which takes as long as the
        match; None from matchers that find no objects.
    """

    transfer: PointMap
    confidence: Callable[[FloatArray], FloatArray] | None = None
    back: PointMap | None = None
    find_masks: Callable[[], tuple[MaskArray, MaskArray]] | None = None

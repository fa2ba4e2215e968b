"""A trained network behind the interface of all matchers of two images."""

from __future__ import annotations

from napari_jcc._types import ImageArray, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.matching.baselines import PairMatch
from napari_jcc.matching.inference.matcher import Matcher


class NetworkMatcher:
    """A `PairMatcher` that applies a trained network.

    Parameters
    ----------
    matcher
        The network.
    name
        What tables call it.
    """

    def __init__(self, matcher: Matcher, name: str = "macosnet") -> None:
        self.name = name
        self._matcher = matcher

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images (H, W, 3) uint8; see `PairMatcher.match`."""
        collection = ImageCollection.from_arrays([source, target])
        pair, *_ = self._matcher.match(collection, [(0, 1)])

        def find_masks() -> tuple[MaskArray, MaskArray]:
            ours, theirs = self._matcher.masks(collection)
            return ours, theirs

        masks = find_masks if self._matcher.has_masks else None
        return PairMatch(pair.to_source, pair.confidence_at, pair.to_target, masks)

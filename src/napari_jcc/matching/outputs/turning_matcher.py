"""Sets whose images may be mirrored or turned: they are turned, then matched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.turns import AS_IS, Turn, turn_images
from napari_jcc.matching.facing import WAYS, find_turns
from napari_jcc.matching.pair import PairResult
from napari_jcc.matching.turned_pair import turn_back
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari_jcc.matching.outputs.set_matcher import SetMatcher


class TurningMatcher:
    """A `SetMatcher` that turns images to face alike before another one matches them.

    Parameters
    ----------
    matcher
        Matches the turned images; ``matching.facing`` of its settings counts.
    """

    def __init__(self, matcher: SetMatcher) -> None:
        self._matcher = matcher
        self.config, self.base, self.origin = matcher.config, matcher.base, matcher.origin
        self._turns: dict[int, Turn] = {}

    def match(
        self,
        collection: ImageCollection,
        pairs: Sequence[tuple[int, int]],
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs; see `SetMatcher.match`."""
        ways = WAYS[self.config.matching.facing]
        places = sorted({place for pair in pairs for place in pair})
        found = find_turns(collection.select(places), ways, progress)
        turns = self._turns = dict(zip(places, found, strict=True))
        for pair in self._matcher.match(self._turn(collection), pairs, progress):
            yield turn_back(pair, (turns[pair.source], turns[pair.target]))

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """Masks of all images, if the matcher has any; turned as they were matched."""
        masks = self._matcher.masks(self._turn(collection), progress)
        if masks is None:
            return None
        return [
            np.ascontiguousarray(self._turns.get(place, AS_IS).inverse.apply(mask))
            for place, mask in enumerate(masks)
        ]

    def _turn(self, collection: ImageCollection) -> ImageCollection:
        every = [self._turns.get(place, AS_IS) for place in range(len(collection))]
        return turn_images(collection, every)

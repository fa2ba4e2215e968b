"""Pairs of a set matched by way of other images, whatever matches two of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import mean
from typing import TYPE_CHECKING

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.matching.known import Doubtful, KnownPairs
from napari_jcc.matching.pair import PairResult
from napari_jcc.matching.routes import match_through
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari_jcc.matching.outputs.set_matcher import DirectMatcher


class ThroughOthers:
    """A `SetMatcher` that also looks at the ways through other images of the pairs.

    Parameters
    ----------
    direct
        Matches two images at a time.
    """

    def __init__(self, direct: DirectMatcher) -> None:
        self._direct = direct
        self.config, self.base, self.origin = direct.config, direct.base, direct.origin

    def match(
        self,
        collection: ImageCollection,
        pairs: Sequence[tuple[int, int]],
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs; see `SetMatcher.match`."""
        settings = self.config.matching
        found = self._direct.match(collection, pairs, progress)
        # Which instance is which in the next image, nothing says.
        if settings.through == 0 or settings.instances != 1:
            return found
        return self._join(collection, list(found), progress)

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """Masks of all images, if the direct matcher has any."""
        return self._direct.masks(collection, progress)

    def _join(
        self, collection: ImageCollection, found: Sequence[PairResult], progress: Progress
    ) -> Iterator[PairResult]:
        count = self.config.matching.through
        best = rank_images(found)[: count + 2]
        middles = [
            [place for place in best if place not in (pair.source, pair.target)][:count]
            for pair in found
        ]
        known = KnownPairs(found)
        missing = {
            (min(end, middle), max(end, middle))
            for pair, between in zip(found, middles, strict=True)
            for middle in between
            for end in (pair.source, pair.target)
            if (end, middle) not in known
        }
        if missing:
            known.add(self._direct.match(collection, sorted(missing), progress))
        # Pairs that were matched by what others show agree with these, and prove nothing.
        witnesses = KnownPairs(known)
        self._look_again(collection, known, best, progress)
        progress.start("Comparing ways", len(found))
        for pair, between in zip(found, middles, strict=True):
            yield match_through(known, pair, between, witnesses) if between else pair
            progress.advance()

    def _look_again(
        self,
        collection: ImageCollection,
        known: KnownPairs,
        best: Sequence[int],
        progress: Progress,
    ) -> None:
        """Match doubtful pairs again, by what all images show at their points."""
        judged = [Doubtful.judge(pair, self._between(known, pair, best)) for pair in known]
        doubtful = [part for part in judged if part.others and part.weight > 0]
        asked = {
            (min(end, other), max(end, other))
            for part in doubtful
            for end in (part.pair.source, part.pair.target)
            for other in part.others
        }
        if not asked:
            return
        progress.start("Comparing ways", len(asked))
        agreed = KnownPairs([])
        for places in sorted(asked):
            pair = known[places]
            agreed.add([match_through(known, pair, self._between(known, pair, best))])
            progress.advance()
        known.add(self._direct.match_again(collection, doubtful, agreed, progress))

    def _between(
        self, known: KnownPairs, pair: PairResult, best: Sequence[int]
    ) -> list[int]:
        return known.between(pair, best)[: self.config.matching.through]


def rank_images(pairs: Iterable[PairResult]) -> list[int]:
    """Places of the images of some pairs, those whose pairs are most confident first."""
    confidences = defaultdict(list)
    for pair in pairs:
        for place in (pair.source, pair.target):
            confidences[place].append(pair.confidence)
    return sorted(confidences, key=lambda place: (-mean(confidences[place]), place))

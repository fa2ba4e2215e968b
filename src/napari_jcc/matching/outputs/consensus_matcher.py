"""Pairs of a set matched by the consensus of paths through its other images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.matching.match_graph import MatchGraph, UncertainPair
from napari_jcc.matching.odd_images import usual_agreement
from napari_jcc.matching.pair import PairResult
from napari_jcc.matching.path_consensus import match_by_consensus
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari_jcc.matching.outputs.set_matcher import DirectMatcher


class ConsensusMatcher:
    """A `SetMatcher` that combines direct matches with paths through other images.

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
        found = list(self._direct.match(collection, pairs, progress))
        # Instances have no identity across images, so paths cannot join them.
        if settings.through == 0 or settings.instances != 1:
            return _compare_agreement(found, found)
        return self._combine(collection, found, progress)

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """Masks of all images, if the direct matcher has any."""
        return self._direct.masks(collection, progress)

    def _combine(
        self, collection: ImageCollection, found: Sequence[PairResult], progress: Progress
    ) -> Iterator[PairResult]:
        """Yield every pair matched by the consensus of its paths."""
        count = self.config.matching.through
        ranking = rank_images(found)[: count + 2]
        intermediates = [
            [image for image in ranking if image not in (pair.source, pair.target)][:count]
            for pair in found
        ]
        graph = MatchGraph(found)
        missing = {
            (min(end, middle), max(end, middle))
            for pair, between in zip(found, intermediates, strict=True)
            for middle in between
            for end in (pair.source, pair.target)
            if (end, middle) not in graph
        }
        if missing:
            graph.add(self._direct.match(collection, sorted(missing), progress))
        # Agreement is counted on the first matches: rematched pairs share descriptors, so
        # that they agree even where images have nothing in common.
        witnesses = MatchGraph(graph)
        found = list(_compare_agreement(found, graph))
        self._rematch(collection, graph, ranking, progress)
        progress.start("Comparing paths", len(found))
        for pair, between in zip(found, intermediates, strict=True):
            if between:
                yield match_by_consensus(graph, pair, between, witnesses)
            else:
                yield pair
            progress.advance()

    def _rematch(
        self,
        collection: ImageCollection,
        graph: MatchGraph,
        ranking: Sequence[int],
        progress: Progress,
    ) -> None:
        """Match uncertain pairs again, in `graph`, by descriptors averaged over the set."""
        judged = [
            UncertainPair.from_pair(pair, self._between(graph, pair, ranking))
            for pair in graph
        ]
        uncertain = [part for part in judged if part.others and part.weight > 0]
        needed = {
            (min(end, other), max(end, other))
            for part in uncertain
            for end in (part.pair.source, part.pair.target)
            for other in part.others
        }
        if not needed:
            return
        progress.start("Comparing paths", len(needed))
        consensus = MatchGraph([])
        for images in sorted(needed):
            pair = graph[images]
            between = self._between(graph, pair, ranking)
            consensus.add([match_by_consensus(graph, pair, between)])
            progress.advance()
        graph.add(self._direct.rematch(collection, uncertain, consensus, progress))

    def _between(
        self, graph: MatchGraph, pair: PairResult, ranking: Sequence[int]
    ) -> list[int]:
        return graph.common_neighbours(pair, ranking)[: self.config.matching.through]


def _compare_agreement(
    found: Iterable[PairResult], every: Iterable[PairResult]
) -> Iterator[PairResult]:
    """Yield pairs that know what agreement is usual among `every` direct match."""
    usual = usual_agreement(every)
    return (replace(pair, usual_agreement=usual) for pair in found)


def rank_images(pairs: Iterable[PairResult]) -> list[int]:
    """Images of some pairs, in falling order of the mean confidence of their pairs."""
    confidences = defaultdict(list)
    for pair in pairs:
        for image in (pair.source, pair.target):
            confidences[image].append(pair.confidence)
    return sorted(confidences, key=lambda image: (-mean(confidences[image]), image))

"""First estimates of landmarks, from matches of whole images along one or more paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import FloatArray, ImageArray
from napari_jcc.config import MatchingConfig
from napari_jcc.matching.baselines import PairMatch, PairMatcher
from napari_jcc.matching.match_graph import MatchGraph
from napari_jcc.matching.odd_images import is_odd, usual_agreement
from napari_jcc.matching.pair import PairResult
from napari_jcc.matching.path_consensus import (
    PathEnds,
    agreeing_share,
    find_consensus,
    follow_path,
)

ENOUGH_INLIERS = 0.75
"""Mean share of inliers of the direct matches from which on they are used alone."""
TOLERANCE = MatchingConfig().tolerance


@dataclass(frozen=True)
class InitialPoints:
    """Estimates of the landmarks of one image.

    Attributes
    ----------
    points : (K, 2) float64
        Consensus of the paths, in pixels.
    paths
        Where each path takes the landmarks; empty if the direct matches were used alone.
    size
        Height and width of the image.
    """

    points: FloatArray
    paths: Sequence[PathEnds]
    size: tuple[int, int]

    def agreement(self, points: FloatArray) -> FloatArray:
        """Share of the paths that end near points (K, 2), (K,); 1 without any paths."""
        if not self.paths:
            return np.ones(len(points))
        return agreeing_share(self.paths, points, self.size, TOLERANCE)


class InitialPointFinder:
    """Maps landmarks from placed images to the others of a set.

    Parameters
    ----------
    images
        (H, W, 3) uint8 RGB by name.
    matcher
        Matches two of them.
    through
        Largest number of intermediate images; see ``matching.through``.
    """

    def __init__(
        self, images: Mapping[str, ImageArray], matcher: PairMatcher, through: int
    ) -> None:
        self._images = images
        self._matcher = matcher
        self._through = through
        self._index = {name: number for number, name in enumerate(images)}
        self._graph = MatchGraph([])

    def pair(self, one: str, other: str) -> PairResult:
        """Return the match of two images, in either direction; computed once."""
        ends = self._index[one], self._index[other]
        if ends not in self._graph:
            self._graph.add([self._match(one, other)])
        return self._graph[ends]

    def find(self, name: str, placed: Mapping[str, FloatArray]) -> InitialPoints:
        """Map the points (K, 2) of each of the placed images to another image.

        Where few points pass the cycle check of the direct matches, paths through other
        images are followed as well.
        """
        direct = [self.pair(name, key) for key in placed]
        uncertain = np.mean([pair.inlier_share for pair in direct]) < ENOUGH_INLIERS
        use_others = self._through and uncertain
        intermediates = self._choose(name, list(placed)) if use_others else []
        paths = [
            self._follow(points, *path, name)
            for key, points in placed.items()
            for path in [(key,), *((key, middle) for middle in intermediates)]
        ]
        size = self._size(name)
        consensus = find_consensus(paths, size)
        return InitialPoints(consensus.points, paths if intermediates else [], size)

    def is_odd(self, name: str, placed: Iterable[str]) -> bool:
        """Whether an image agrees with all placed ones far less than others do."""
        usual = usual_agreement(self._graph)
        pairs = [self.pair(name, key) for key in placed]
        return all(is_odd(replace(pair, usual_agreement=usual)) for pair in pairs)

    def _follow(self, points: FloatArray, *path: str) -> PathEnds:
        return follow_path(self._graph, [self._index[name] for name in path], points)

    def _choose(self, name: str, placed: Sequence[str]) -> list[str]:
        """Choose intermediate images: those that match the placed ones best."""
        others = [key for key in self._index if key not in (name, *placed)]
        confidence = {
            key: np.mean([self.pair(key, start).confidence for start in placed])
            for key in others
        }
        best = sorted(others, key=confidence.__getitem__, reverse=True)[: self._through]
        for middle in best:
            self.pair(middle, name)
        return best

    def _match(self, source: str, target: str) -> PairResult:
        images = self._images[source], self._images[target]
        there = self._matcher.match(*images)
        back = there.back and PairMatch(there.back)
        return PairResult.judge(
            (self._index[source], self._index[target]),
            (self._size(source), self._size(target)),
            there,
            back or self._matcher.match(*images[::-1]),
            TOLERANCE,
        )

    def _size(self, name: str) -> tuple[int, int]:
        height, width = self._images[name].shape[:2]
        return height, width

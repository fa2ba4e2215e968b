"""Where landmarks lie by what whole images look like, also by way of other images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_jcc._types import FloatArray, ImageArray
from napari_jcc.config import MatchingConfig
from napari_jcc.matching.baselines import PairMatch, PairMatcher
from napari_jcc.matching.known import KnownPairs
from napari_jcc.matching.pair import PairResult
from napari_jcc.matching.routes import Walk, meet, share_near, walk

ENOUGH = 0.75
"""Share of inliers of the direct matches from which on no other images are asked."""
TOLERANCE = MatchingConfig().tolerance


@dataclass(frozen=True)
class Lead:
    """Where landmarks are led to.

    Attributes
    ----------
    points : (K, 2) float64
        Where most ways lead.
    walks
        The ways to there; none where other images had not to be asked.
    size
        Height and width of the image.
    """

    points: FloatArray
    walks: Sequence[Walk]
    size: tuple[int, int]

    def agreement(self, points: FloatArray) -> FloatArray:
        """Share of the ways that end near points (K, 2): (K,); 1 if none were asked."""
        if not self.walks:
            return np.ones(len(points))
        return share_near(self.walks, points, self.size, TOLERANCE)


class Leader:
    """Leads landmarks from image to image.

    Parameters
    ----------
    images
        (H, W, 3) uint8 RGB by name.
    matcher
        Matches two of them.
    through
        Most other images that are asked for the way to one.
    """

    def __init__(
        self, images: Mapping[str, ImageArray], matcher: PairMatcher, through: int
    ) -> None:
        self._images = images
        self._matcher = matcher
        self._through = through
        self._places = {name: place for place, name in enumerate(images)}
        self._known = KnownPairs([])

    def pair(self, one: str, other: str) -> PairResult:
        """Match two images, whichever is the source, or return what is known of them."""
        places = self._places[one], self._places[other]
        if places not in self._known:
            self._known.add([self._match(one, other)])
        return self._known[places]

    def lead(self, name: str, placed: Mapping[str, FloatArray]) -> Lead:
        """Lead the points (K, 2) of placed images to another image.

        Others are asked for the way, too, where few points come back from the direct one.
        """
        direct = [self.pair(name, key) for key in placed]
        doubtful = np.mean([pair.inlier_share for pair in direct]) < ENOUGH
        middles = self._choose(name, list(placed)) if self._through and doubtful else []
        walks = [
            self._walk(points, *way, name)
            for key, points in placed.items()
            for way in [(key,), *((key, middle) for middle in middles)]
        ]
        size = self._size(name)
        return Lead(meet(walks, size).ends, walks if middles else [], size)

    def _walk(self, points: FloatArray, *way: str) -> Walk:
        return walk(self._known, [self._places[stop] for stop in way], points)

    def _choose(self, name: str, placed: Sequence[str]) -> list[str]:
        """Other images that match the placed ones best, matched with all of them."""
        others = [key for key in self._places if key not in (name, *placed)]
        sure = {
            key: np.mean([self.pair(key, start).confidence for start in placed])
            for key in others
        }
        best = sorted(others, key=sure.__getitem__, reverse=True)[: self._through]
        for middle in best:
            self.pair(middle, name)
        return best

    def _match(self, source: str, target: str) -> PairResult:
        images = self._images[source], self._images[target]
        there = self._matcher.match(*images)
        back = there.back and PairMatch(there.back)
        return PairResult.judge(
            (self._places[source], self._places[target]),
            (self._size(source), self._size(target)),
            there,
            back or self._matcher.match(*images[::-1]),
            TOLERANCE,
        )

    def _size(self, name: str) -> tuple[int, int]:
        height, width = self._images[name].shape[:2]
        return height, width

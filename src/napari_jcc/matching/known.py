"""What is known of the pairs of a set so far, and which of it is doubtful."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.matching.pair import (
    PairResult,
    cycle_errors,
    from_unit,
    is_inside,
    to_unit,
)


class KnownPairs:
    """Images of a set that were matched directly, each two of them once.

    Parameters
    ----------
    pairs
        What was matched; both ways of every pair are used.
    """

    def __init__(self, pairs: Iterable[PairResult]) -> None:
        self._pairs: dict[frozenset[int], PairResult] = {}
        self.add(pairs)

    def add(self, pairs: Iterable[PairResult]) -> None:
        """Know more pairs."""
        self._pairs |= {frozenset((pair.source, pair.target)): pair for pair in pairs}

    def __contains__(self, places: tuple[int, int]) -> bool:
        return frozenset(places) in self._pairs

    def __getitem__(self, places: tuple[int, int]) -> PairResult:
        return self._pairs[frozenset(places)]

    def __iter__(self) -> Iterator[PairResult]:
        return iter(self._pairs.values())

    def between(self, pair: PairResult, places: Iterable[int]) -> list[int]:
        """Those of some images that were matched with both images of a pair."""
        ends = pair.source, pair.target
        return [
            place
            for place in places
            if place not in ends and all((place, end) in self for end in ends)
        ]

    def step(
        self, start: int, end: int, points: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Carry points (K, 2) to another image; also say how far they are from coming back.

        Returns
        -------
        ends : (K, 2) float64
        errors : (K,) float64
            As share of the side of the image that the points lie in.
        """
        pair = self._pairs[frozenset((start, end))]
        there, back, size = pair.to_source, pair.to_target, pair.sizes[1]
        if pair.target != start:
            there, back, size = back, there, pair.sizes[0]
        ends = there(points)
        return ends, cycle_errors(points, back(ends), size)

    def trace(
        self, start: int, end: int, points: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Find points (K, 2) of an image again in another, in units of `to_unit`.

        Returns
        -------
        ends : (K, 2) float64
        sureness : (K,) float64
            In [0, 1]; 0 beyond the image.
        """
        pair = self._pairs[frozenset((start, end))]
        sizes = pair.sizes if pair.source == start else pair.sizes[::-1]
        ends, errors = self.step(start, end, from_unit(points, sizes[0]))
        sureness = np.exp(-np.square(errors / pair.tolerance))
        return to_unit(ends, sizes[1]), np.where(is_inside(ends, sizes[1]), sureness, 0)

    def confidence(self, way: Sequence[int]) -> float:
        """Confidence of the least confident pair of a way."""
        return min(self._pairs[frozenset(step)].confidence for step in pairwise(way))


class Doubtful(NamedTuple):
    """Two images whose match is to be looked at again, with the eyes of others.

    Attributes
    ----------
    pair
        Their match.
    others
        Places of other images, in which the points of both were found.
    weight
        How much what one of the others shows counts, where the two images count 1.
    """

    pair: PairResult
    others: Sequence[int]
    weight: float

    @classmethod
    def judge(cls, pair: PairResult, others: Sequence[int]) -> Doubtful:
        """Doubt a pair the more, the fewer of its points are matched below half of them."""
        return cls(pair, others, 2 * max(0.0, 1 - 2 * pair.inlier_share))

"""The matches of an image set as a graph: images are nodes, matched pairs are edges."""

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


class MatchGraph:
    """Undirected graph of the images of a set, with one edge per directly matched pair.

    Images are named by their index in the collection. Adding a pair whose two images are
    already joined replaces that edge.

    Parameters
    ----------
    pairs
        Matches; each can be followed in both directions.
    """

    def __init__(self, pairs: Iterable[PairResult]) -> None:
        self._pairs: dict[frozenset[int], PairResult] = {}
        self.add(pairs)

    def add(self, pairs: Iterable[PairResult]) -> None:
        """Add or replace edges."""
        self._pairs |= {frozenset((pair.source, pair.target)): pair for pair in pairs}

    def __contains__(self, images: tuple[int, int]) -> bool:
        return frozenset(images) in self._pairs

    def __getitem__(self, images: tuple[int, int]) -> PairResult:
        return self._pairs[frozenset(images)]

    def __iter__(self) -> Iterator[PairResult]:
        return iter(self._pairs.values())

    def common_neighbours(self, pair: PairResult, candidates: Iterable[int]) -> list[int]:
        """Return the candidates that are joined to both images of a pair, in order."""
        ends = pair.source, pair.target
        return [
            image
            for image in candidates
            if image not in ends and all((image, end) in self for end in ends)
        ]

    def transfer(
        self, start: int, end: int, points: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Map points of image `start` to image `end` along the edge between them.

        Parameters
        ----------
        start, end
            Images that are joined.
        points : (K, 2)
            x and y in pixels.

        Returns
        -------
        ends : (K, 2) float64
            In pixels of the image `end`.
        errors : (K,) float64
            Cycle error: distance of a point from where the map there and back takes it, as
            share of the side of the image `start`.
        """
        pair = self._pairs[frozenset((start, end))]
        there, back, size = pair.to_source, pair.to_target, pair.sizes[1]
        if pair.target != start:
            there, back, size = back, there, pair.sizes[0]
        ends = there(points)
        return ends, cycle_errors(points, back(ends), size)

    def transfer_normalised(
        self, start: int, end: int, points: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """As `transfer`, in normalised coordinates (see `to_unit`), with a confidence.

        Returns
        -------
        ends : (K, 2) float64
        confidence : (K,) float64
            In [0, 1]; 0 for points that leave the image `end`.
        """
        pair = self._pairs[frozenset((start, end))]
        sizes = pair.sizes if pair.source == start else pair.sizes[::-1]
        ends, errors = self.transfer(start, end, from_unit(points, sizes[0]))
        confidence = np.exp(-np.square(errors / pair.tolerance))
        inside = is_inside(ends, sizes[1])
        return to_unit(ends, sizes[1]), np.where(inside, confidence, 0)

    def path_confidence(self, path: Sequence[int]) -> float:
        """Return the confidence of the least confident edge of a path of images."""
        return min(self._pairs[frozenset(edge)].confidence for edge in pairwise(path))


class UncertainPair(NamedTuple):
    """A pair that is to be matched again by descriptors averaged with those of others.

    Attributes
    ----------
    pair
        Its match so far.
    others
        Images to average with; joined to both images of the pair.
    weight
        Weight of the descriptor of each of the others, that of the image itself being 1.
    """

    pair: PairResult
    others: Sequence[int]
    weight: float

    @classmethod
    def from_pair(cls, pair: PairResult, others: Sequence[int]) -> UncertainPair:
        """Set the weight to 2 (1 - 2 s), at least 0, for a share s of inliers.

        A pair with at least half of its points matched gets the weight 0: it is left alone.
        """
        return cls(pair, others, 2 * max(0.0, 1 - 2 * pair.inlier_share))

"""Pairs matched once, for benchmarks that ask for them again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides
from napari_jcc.matching.outputs import PairResult
from napari_jcc.matching.outputs.set_matcher import DirectMatcher
from napari_jcc.progress import Progress

Places = tuple[int, int]


class Remembered:
    """A matcher that matches every two images once, however often they are asked for."""

    def __init__(self, direct: DirectMatcher, images: ImageCollection) -> None:
        self._direct = direct
        self.base, self.origin = direct.base, direct.origin
        self.config = apply_overrides(direct.config, {"matching.through": 0})
        every = list(combinations(range(len(images)), 2))
        found = direct.match(images, every, Progress())
        self.known = {frozenset((pair.source, pair.target)): pair for pair in found}

    def ask(self, count: int) -> None:
        """Say how many other images are to be asked, for who works by these settings."""
        self.config = apply_overrides(self.config, {"matching.through": count})

    def match(self, collection, pairs: Sequence[Places], progress) -> Iterator[PairResult]:
        for pair in pairs:
            yield self.known[frozenset(pair)]

    def rematch(self, collection, uncertain, consensus, progress) -> Iterator[PairResult]:
        return self._direct.rematch(collection, uncertain, consensus, progress)

    def masks(self, collection, progress) -> None:
        return None

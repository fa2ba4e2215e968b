"""Which images of a set are mirrored or turned, told from the images alone.

Two images agree best in the way in which both face alike. A single pair is often wrong
about it, all pairs of a set hardly ever: turns are chosen so that the images agree most in
sum, as in synchronisation over a group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from napari_jcc._types import FloatArray, IntArray, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import reduce_image
from napari_jcc.collection.turns import AS_IS, MIRRORED, Size, Turn
from napari_jcc.config import MatchingConfig
from napari_jcc.matching.baselines import (
    CachedDescriber,
    RegistrationMatcher,
    SiftDescriber,
)
from napari_jcc.matching.pair import PairResult
from napari_jcc.progress import Progress
from napari_jcc.registration.grid import GridFeatures

WAYS: Mapping[str, tuple[Turn, ...]] = {
    "as_is": (AS_IS,),
    "mirrored": (AS_IS, MIRRORED),
    "any": tuple(Turn(mirrored, n) for mirrored in (False, True) for n in range(4)),
}
"""By the setting ``matching.facing``; each is a group, the image as it is first."""
PARTNERS = 8
"""Images that every image is compared with, all of the same."""
SIDE = 320
"""Longer side of the images compared, in pixels; gradients are described on less."""
PREFERENCE = 1.1
"""Factor on the agreement of an image as it is: what looks the same both ways stays."""
ROUNDS = 20


def find_turns(
    collection: ImageCollection, ways: Sequence[Turn], progress: Progress
) -> tuple[Turn, ...]:
    """Find for every image the turn by which it faces as the others do.

    Images are registered by gradients, whatever matches them later: features that know an
    object again however it lies do not tell how it lies.

    Parameters
    ----------
    collection
        The images.
    ways
        The turns to choose from, one of `WAYS`.
    progress
        Told of every image; cancels.

    Returns
    -------
    tuple of Turn
        One per image; that of most images is `AS_IS`, as all may be turned together.

    Raises
    ------
    InputError
        If an image cannot be read.
    Cancelled
        If the progress was cancelled.
    """
    count = len(collection)
    if len(ways) == 1 or count < 2:
        return (AS_IS,) * count
    scores = _compare(collection, ways, progress)
    return tuple(ways[chosen] for chosen in solve_turns(scores, Composition.of(ways)))


class Composition(NamedTuple):
    """How the turns of a group compose, by their numbers.

    Attributes
    ----------
    relative : (W, W) int64
        Number of the turn of image b beside image a as it is, by the turns of a and b.
    after : (W, W) int64
        Number of the first turn, then the second, by the second and the first.
    """

    relative: IntArray
    after: IntArray

    @classmethod
    def of(cls, ways: Sequence[Turn]) -> Composition:
        """Compose the turns of a group."""
        number = {way: place for place, way in enumerate(ways)}
        relative = [[number[b.then(a.inverse)] for b in ways] for a in ways]
        after = [[number[first.then(second)] for first in ways] for second in ways]
        return cls(np.array(relative), np.array(after))


def solve_turns(scores: FloatArray, composition: Composition) -> IntArray:
    """Choose turns by which images agree most in sum.

    Images are placed one after the other, each beside those that are placed, the one
    first about which these are surest; then each is turned anew among all others until
    nothing changes.

    Parameters
    ----------
    scores : (N, N, W) float64
        How well image b agrees with image a if b alone is turned; 0 for pairs that were
        not compared, both ways round.
    composition
        Of the W turns.

    Returns
    -------
    turns : (N,) int64
        Numbers of the turns; 0 is the most frequent one.
    """
    chosen = _centre(_place_all(scores, composition), composition)
    preference = np.ones(scores.shape[2])
    preference[0] = PREFERENCE
    everything = np.ones(len(scores), np.bool_)
    for _ in range(ROUNDS):
        before = chosen.copy()
        for image in range(len(scores)):
            sums = _sums(scores, composition, image, chosen, everything)
            chosen[image] = int((sums * preference).argmax())
        chosen = _centre(chosen, composition)
        if (chosen == before).all():
            break
    return chosen


def _place_all(scores: FloatArray, composition: Composition) -> IntArray:
    count = len(scores)
    chosen = np.zeros(count, np.int64)
    placed = np.zeros(count, np.bool_)
    # Begin with an image of the pair that agrees most.
    placed[np.unravel_index(scores.argmax(), scores.shape)[0]] = True
    while not placed.all():
        compared = (scores[:, placed] > 0).any(axis=2).sum(axis=1)
        waiting = np.flatnonzero(~placed)
        sums = np.stack(
            [_sums(scores, composition, int(i), chosen, placed) for i in waiting]
        )
        # A sum over more images is surer, but less so than in proportion.
        weight = np.sqrt(np.maximum(compared[waiting], 1))
        place = int((sums.max(axis=1) / weight).argmax())
        image = int(waiting[place])
        chosen[image], placed[image] = int(sums[place].argmax()), True
    return chosen


def _sums(
    scores: FloatArray,
    composition: Composition,
    image: int,
    chosen: IntArray,
    among: MaskArray,
) -> FloatArray:
    """Agreement of an image with others as these are turned, by its own turn, (W,)."""
    others = np.flatnonzero(among)
    turned = composition.relative[:, chosen[others]]
    return np.asarray(scores[image, others, turned].sum(axis=1))


def _centre(chosen: IntArray, composition: Composition) -> IntArray:
    """Turn all images together so that most lie as they are."""
    most = int(np.bincount(chosen).argmax())
    undo = int(np.flatnonzero(composition.after[:, most] == 0)[0])
    return np.asarray(composition.after[undo, chosen])


class _Described(NamedTuple):
    """An image described as it lies."""

    grid: GridFeatures
    size: Size


def _compare(
    collection: ImageCollection, ways: Sequence[Turn], progress: Progress
) -> FloatArray:
    """Agreement of every image with some others, in all ways, (N, N, W); 0 for the rest."""
    count = len(collection)
    matcher = RegistrationMatcher(CachedDescriber(SiftDescriber()))
    places = sorted(set(np.linspace(0, count - 1, PARTNERS + 1).astype(int).tolist()))
    progress.start("How images lie", count)
    partners: dict[int, _Described] = {}
    for place in places:
        progress.raise_if_cancelled()
        image = reduce_image(collection.image(place), SIDE)
        partners[place] = _Described(matcher.describe(image), image.shape[:2])
    inverse = [ways.index(way.inverse) for way in ways]
    scores = np.zeros((count, count, len(ways)))
    for place in range(count):
        image = reduce_image(collection.image(place), SIDE)
        shown = [np.ascontiguousarray(way.apply(image)) for way in ways]
        turned = [_Described(matcher.describe(each), each.shape[:2]) for each in shown]
        for other, partner in partners.items():
            # Two partners are compared once.
            if other == place or (place in partners and other > place):
                continue
            progress.raise_if_cancelled()
            agreed = [_agreement(matcher, partner, each) for each in turned]
            scores[other, place] = agreed
            scores[place, other, inverse] = agreed
        progress.advance()
    return scores


def _agreement(matcher: RegistrationMatcher, one: _Described, two: _Described) -> float:
    """Confidence of the match of two images."""
    there = matcher.match_described(one.grid, two.grid)
    back = matcher.match_described(two.grid, one.grid)
    sizes, tolerance = (one.size, two.size), MatchingConfig().tolerance
    return PairResult.judge((0, 1), sizes, there, back, tolerance).confidence

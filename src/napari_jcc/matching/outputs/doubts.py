"""Images that do not seem to show what the others of a set show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from napari_jcc.matching.pair import PairResult
from napari_jcc.words import list_some

FEW_INLIERS = 0.15
"""Share of inliers of a pair that is as common between things of two kinds as less."""
MOST_NAMED = 5


def doubtful_images(pairs: Sequence[PairResult]) -> list[int]:
    """Places of images whose pairs have few inliers: their median is below `FEW_INLIERS`.

    Maps between images that show different things lead somewhere both ways, but seldom
    back to where they started. Further instances of a pair do not count.
    """
    shares = defaultdict(list)
    for pair in (pair for pair in pairs if pair.instance == 1):
        for place in (pair.source, pair.target):
            shares[place].append(pair.inlier_share)
    return sorted(place for place, found in shares.items() if median(found) < FEW_INLIERS)


def describe_doubts(names: Sequence[str], pairs: Sequence[PairResult]) -> str:
    """Say which images hardly match the others, and what to do; empty if all do."""
    doubtful = doubtful_images(pairs)
    if not doubtful:
        return ""
    matched = {place for pair in pairs for place in (pair.source, pair.target)}
    listed = list_some([names[place] for place in doubtful], MOST_NAMED)
    few = (
        f"{len(doubtful)} of {len(matched)} images hardly match the others: {listed}. In "
        f"half of their pairs or more, less than {FEW_INLIERS:.0%} of the points come back "
        "to where they started. "
    )
    if 2 * len(doubtful) > len(matched):
        return few + (
            "The images may have no object in common, or too different views of it. If "
            "they show one kind of object, try an encoder or another one."
        )
    return few + "Look whether they show the same kind of object, or leave them out."

"""Images that agree with the rest of their set far less than is usual there.

An image that is mirrored or turned is matched wrongly, and paths through other images are
no check on it: they all pass through the same image, and err alike. Its own agreement with
the others stays low all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from napari_jcc.matching.pair import PairResult
from napari_jcc.words import list_some

USUAL = 0.75
"""Quantile of the agreement of pairs that counts as usual: few may show the same view."""
FAR_BELOW = 0.5
"""Share of the usual agreement below which a pair is odd."""
MOST_PAIRS = 0.5
"""Share of the pairs of an image from which on the image is odd."""
MOST_NAMED = 5


def usual_agreement(pairs: Iterable[PairResult]) -> float:
    """Return the agreement that is usual among direct matches of a set, 0 without any."""
    found = [pair.agreement for pair in pairs]
    return float(np.quantile(found, USUAL)) if found else 0.0


def is_odd(pair: PairResult) -> bool:
    """Whether the two images agree far less than is usual in their set."""
    return pair.agreement < FAR_BELOW * pair.usual_agreement


def odd_images(pairs: Sequence[PairResult]) -> list[int]:
    """Places of images of which at least half of the pairs are odd.

    The image with the largest share of odd pairs is taken, then the next one by the odd
    pairs that are left: of two groups, such as left and right wings, one is named. Further
    instances of a pair do not count.
    """
    first = [pair for pair in pairs if pair.instance == 1]
    every = Counter(place for pair in first for place in (pair.source, pair.target))
    left = [(pair.source, pair.target) for pair in first if is_odd(pair)]
    found = []
    while left:
        counts = Counter(place for ends in left for place in ends)
        share = {place: count / every[place] for place, count in counts.items()}
        worst = max(sorted(counts), key=lambda place: (share[place], counts[place]))
        if share[worst] < MOST_PAIRS:
            break
        found.append(worst)
        left = [ends for ends in left if worst not in ends]
    return sorted(found)


def describe_odd_images(
    odd: Sequence[str], count: int, else_do: str, facing: str = "as_is"
) -> str:
    """Say what may be wrong with images of a set of `count`, and what to do; or empty.

    `else_do` is what else can be done about them, `facing` how images were expected to lie.
    """
    if not odd:
        return ""
    few = (
        f"{len(odd)} of {count} images agree with the others less than {FAR_BELOW:.0%} as "
        f"well as is usual in this set: {list_some(odd, MOST_NAMED)}. Their matches are "
        "probably wrong, also where paths through other images confirm them. "
    )
    if facing == "any":
        return few + f"They may show something else. Look at them, and {else_do}."
    return few + (
        "They may be mirrored or turned, or show something else. Say that images may be "
        f"any way round (matching.facing, --facing any), or {else_do}."
    )

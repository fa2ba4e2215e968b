"""A matcher on a set of pairs: measures of every pair, and means by sub-class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.errors import InputError
from napari_jcc.evaluation.bootstrap import Interval, bootstrap_mean
from napari_jcc.evaluation.matching.pairs import MatchingPair
from napari_jcc.evaluation.matching.protocols import PROTOCOLS
from napari_jcc.evaluation.metrics import jaccard, pixel_accuracy
from napari_jcc.matching.baselines import PairMatch, PairMatcher


@dataclass(frozen=True)
class PairScore:
    """Measures of one pair.

    Attributes
    ----------
    name, category
        Of the pair.
    measures
        By ``protocol measure``, such as ``willow-box PCK@0.1``; and ``mask P`` and
        ``mask J``, means over both images, where the matcher finds masks and the set has
        them.
    """

    name: str
    category: str
    measures: Mapping[str, float]


def score_pair(
    matcher: PairMatcher, pair: MatchingPair, protocols: Iterable[str]
) -> PairScore:
    """Match a pair and measure it by the named protocols.

    Of a flipped pair the matcher is shown the source mirrored, and its answer is mirrored
    back.

    Raises
    ------
    InputError
        If there is no such protocol, or the pair lacks what one needs.
    """
    source, target = pair.source.image(), pair.target.image()
    if pair.flipped:
        source = np.ascontiguousarray(source[:, ::-1])
    match = matcher.match(source, target)
    width = source.shape[1]

    def transfer(points: FloatArray) -> FloatArray:
        ends = match.transfer(points)
        return ends * (-1, 1) + (width - 1, 0) if pair.flipped else ends

    measures: dict[str, float] = {}
    for name in protocols:
        if name not in PROTOCOLS:
            raise InputError(
                f"There is no protocol {name!r}; choose {', '.join(PROTOCOLS)}."
            )
        found = PROTOCOLS[name].score(pair, transfer)
        measures |= {f"{name} {measure}": value for measure, value in found.items()}
    return PairScore(pair.name, pair.category, measures | _score_masks(pair, match))


def summarise(scores: Iterable[PairScore], seed: int = 0) -> dict[str, dict[str, Interval]]:
    """Mean measures with 95 % intervals, from resampled pairs, by sub-class.

    Returns
    -------
    summary
        By sub-class, then by measure. ``all`` is the mean over all pairs alike, which is
        the custom, not over sub-classes.
    """
    groups: dict[str, list[PairScore]] = {}
    for score in scores:
        for category in (score.category, "all"):
            groups.setdefault(category, []).append(score)
    return {
        category: {
            measure: bootstrap_mean(
                [[s.measures[measure] for s in members if measure in s.measures]], seed=seed
            )
            for measure in members[0].measures
        }
        for category, members in groups.items()
    }


def _score_masks(pair: MatchingPair, match: PairMatch) -> dict[str, float]:
    truths = pair.source.mask(), pair.target.mask()
    if match.find_masks is None or all(truth is None for truth in truths):
        return {}
    source, target = match.find_masks()
    answers = (source[:, ::-1] if pair.flipped else source), target
    both = [(m, t) for m, t in zip(answers, truths, strict=True) if t is not None]
    return {
        "mask P": float(np.mean([pixel_accuracy(*masks) for masks in both])),
        "mask J": float(np.mean([jaccard(*masks) for masks in both])),
    }

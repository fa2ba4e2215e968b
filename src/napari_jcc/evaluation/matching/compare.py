"""Several matchers on one set of pairs, and the table of what they reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from napari_jcc.config import apply_overrides
from napari_jcc.errors import InputError
from napari_jcc.evaluation.bootstrap import Interval
from napari_jcc.evaluation.matching.pairs import PairSet
from napari_jcc.evaluation.matching.score import score_pair, summarise
from napari_jcc.matching.baselines import (
    Describer,
    IdentityMatcher,
    MutualAffineMatcher,
    NearestMatcher,
    PairMatcher,
    RegistrationMatcher,
)
from napari_jcc.matching.outputs import open_describer, open_pair_matcher
from napari_jcc.progress import Progress, as_progress
from napari_jcc.tables import format_markdown_table

BASELINES: Mapping[str, Callable[[Describer], PairMatcher]] = MappingProxyType(
    {
        "identity": lambda describer: IdentityMatcher(),
        "nearest": NearestMatcher,
        "mutual-affine": MutualAffineMatcher,
        "registration": RegistrationMatcher,
    }
)
"""Matchers without training, by name; all see the same descriptions."""
REFINEMENT = "refinement"
"""The identity, refined as the answer of a network; needs an encoder."""


class MatcherScore(NamedTuple):
    """What a matcher reaches on a set.

    Attributes
    ----------
    summary
        Mean and interval by sub-class, then by measure; see `summarise`.
    seconds
        For a pair; the first matcher pays for descriptions that others share.
    """

    summary: dict[str, dict[str, Interval]]
    seconds: float


def open_baselines(
    names: Sequence[str], encoder: str = "", device: str = "auto"
) -> list[PairMatcher]:
    """Open matchers without training by their names.

    Parameters
    ----------
    names
        Of `BASELINES`, or ``refinement``.
    encoder
        What describes the images for all of them; gradients when empty.
    device
        auto, cpu, cuda or mps.

    Raises
    ------
    InputError
        If one is unknown.
    ConfigError
        If ``refinement`` is asked for without an encoder, or the device is not there.
    WeightsError
        If the encoder cannot be had, or torch is missing.
    """
    known = [*BASELINES, REFINEMENT]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(
            f"There is no method {unknown[0]!r}; choose among {', '.join(known)}."
        )
    describer = open_describer(encoder, device)
    changes = {
        "matching.untrained": REFINEMENT,
        "network.encoder": encoder,
        "training.device": device,
    }
    return [
        open_pair_matcher(adapt=lambda config: apply_overrides(config, changes))
        if name == REFINEMENT
        else BASELINES[name](describer)
        for name in names
    ]


def compare_matchers(
    pairs: PairSet, matchers: Sequence[PairMatcher], progress: Progress | None = None
) -> dict[str, MatcherScore]:
    """Score every matcher on every pair.

    Raises
    ------
    InputError
        If a pair cannot be read, or lacks what a protocol needs.
    WeightsError
        If the encoder behind a matcher cannot be had or used.
    Cancelled
        If the progress was cancelled.
    """
    progress = as_progress(progress)
    results = {}
    for matcher in matchers:
        progress.start(matcher.name, len(pairs))
        start, scores = time.perf_counter(), []
        for pair in pairs:
            scores.append(score_pair(matcher, pair, pairs.protocols))
            progress.advance()
        seconds = (time.perf_counter() - start) / max(len(scores), 1)
        results[matcher.name] = MatcherScore(summarise(scores), seconds)
    return results


def format_comparison(pairs: PairSet, results: Mapping[str, MatcherScore]) -> str:
    """Write a Markdown table: measures by method and sub-class.

    Shares are in percent, errors as their names say; the mean over all pairs has its 95 %
    interval.
    """
    everything = [score.summary for score in results.values()]
    categories = sorted({name for summary in everything for name in summary} - {"all"})
    shown = [*categories, "all"] if len(categories) > 1 else ["all"]
    measures = dict.fromkeys(key for summary in everything for key in summary["all"])
    title = f"{pairs.name}: {len(pairs)} pairs"
    if pairs.left_out:
        title += f", {len(pairs.left_out)} listed images absent"
    rows = [["measure", "method", *shown, "s/pair"]]
    for measure in measures:
        for name, (summary, seconds) in results.items():
            if measure in summary["all"]:
                cells = [_cell(measure, summary[c], c == "all") for c in shown]
                rows.append([measure, name, *cells, f"{seconds:.2f}"])
    return f"{title}\n\n{format_markdown_table(rows)}"


def _cell(measure: str, values: Mapping[str, Interval], interval: bool) -> str:
    if measure not in values:
        return ""
    value = values[measure]
    factor, digits = (1, 2) if "error" in measure else (100, 1)
    text = f"{factor * value.mean:.{digits}f}"
    if interval:
        text += f" ({factor * value.low:.{digits}f}-{factor * value.high:.{digits}f})"
    return text

"""What other images of a set add to the match of two.

    python benchmarks/matching_through.py --root DATA --sets pf_willow,wings \
        --checkpoint network.ckpt

matches the images of every sub-class with each other, and prints a Markdown table per set:
some measures, means over its pairs with the gain over direct matches and its 95 %
interval, then over the pairs of each sub-class, by how many other images are asked
(`matching.through`, the rows of `--through`). A row as 4:template is for the pairs of one
target at a time, as `--pairs template:NAME` matches them. Without a checkpoint the
matcher is `matching.untrained` (`--set`, `--encoder`).
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from remembered import Remembered

from matching import open_set
from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairSet
from napari_jcc.evaluation.matching.protocols import PROTOCOLS
from napari_jcc.matching.outputs import PairResult, SetMatcher
from napari_jcc.matching.outputs.consensus_matcher import ConsensusMatcher
from napari_jcc.matching.outputs.set_matcher import DirectMatcher, open_direct_matcher
from napari_jcc.progress import Progress

Places = tuple[int, int]
Scores = dict[str, list[float]]


def transfer(found: PairResult, source: int):
    """From the other image to `source`."""
    return found.to_source if found.source == source else found.to_target


def evaluate(
    pairs: Sequence[tuple[MatchingPair, Places]], found: dict, protocols: Sequence[str]
) -> Scores:
    scores: Scores = defaultdict(list)
    for pair, (source, target) in pairs:
        carry = transfer(found[source, target], source)
        for name in protocols:
            for measure, value in PROTOCOLS[name].score(pair, carry).items():
                scores[f"{name} {measure}"].append(value)
    return scores


def match_all(matcher: SetMatcher, images, asked: Sequence[Places]) -> dict:
    found = matcher.match(images, asked, Progress())
    return dict(zip(asked, found, strict=True))


def match_by_template(matcher: SetMatcher, images, asked: Sequence[Places]) -> dict:
    """Match every target with all other images."""
    found = {}
    for target in sorted({target for _, target in asked}):
        sources = [(place, target) for place in range(len(images)) if place != target]
        found |= match_all(matcher, images, sources)
    return found


def compare(
    listed: PairSet, names: Sequence[str], direct: DirectMatcher, rows: Sequence[str]
) -> dict[str, Scores]:
    """Score the pairs of some sub-classes by the number of other images that are asked."""
    table: dict[str, Scores] = defaultdict(lambda: defaultdict(list))
    for name in names:
        pairs = [pair for pair in listed if pair.category == name]
        paths = sorted({side.path for pair in pairs for side in (pair.source, pair.target)})
        images = ImageCollection.from_files(paths)
        places = [(paths.index(p.source.path), paths.index(p.target.path)) for p in pairs]
        remembered = Remembered(direct, images)
        for row in rows:
            count, *by_template = row.split(":")
            remembered.ask(int(count))
            match = match_by_template if by_template else match_all
            found = match(ConsensusMatcher(remembered), images, places)
            scores = evaluate(
                list(zip(pairs, places, strict=True)), found, listed.protocols
            )
            for measure, values in scores.items():
                table[row][measure] += values
                table[row][f"{name}: {measure}"] += values
    return table


def write_table(table: dict[str, Scores], measures: Sequence[str]) -> None:
    before = table["0"]
    sys.stdout.write(
        f"\n| asked | {' | '.join(measures)} |\n|{'---|' * (len(measures) + 1)}\n"
    )
    for row, scores in table.items():
        cells = []
        for measure in measures:
            unit, digits = (100, 1) if "PCK" in measure else (1, 2)
            values, old = (np.array(s[measure]) * unit for s in (scores, before))
            gain = bootstrap_mean([list(values - old)])
            mean, low, high = (f"{g:+.{digits}f}" for g in (gain.mean, gain.low, gain.high))
            change = f" ({mean}: {low} to {high})"
            with_gain = scores is not before and ": " not in measure
            cells.append(f"{values.mean():.{digits}f}" + change * with_gain)
        sys.stdout.write(f"| {row} | {' | '.join(cells)} |\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default="pf_willow,wings")
    parser.add_argument("--classes", default="", help="sub-classes, empty: all")
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--checkpoint", type=Path, help="of napari-jcc train")
    parser.add_argument("--set", action="append", default=[], help="settings")
    parser.add_argument("--through", default="0,4,4:template,8")
    parser.add_argument("--measures", default="PCK@0.1,px", help="how their names end")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    changes = ["training.device=cpu", "matching.through=0", *options.set]
    if options.encoder:
        changes.append(f"network.encoder={options.encoder}")
    direct = open_direct_matcher(options.checkpoint, lambda c: apply_overrides(c, changes))
    chosen = options.classes.split(",") if options.classes else None
    for name in options.sets.split(","):
        listed = open_set(options.root, name)
        names = chosen or sorted({pair.category for pair in listed})
        table = compare(listed, names, direct, options.through.split(","))
        ends = tuple(options.measures.split(","))
        shown = [measure for measure in table["0"] if measure.endswith(ends)]
        write_table(table, sorted(shown, key=lambda measure: ": " in measure))


if __name__ == "__main__":
    main()

"""Matchers on pairs with known correspondences: baselines, training-free, trained.

    python benchmarks/matching.py --root DATA --sets pf_willow,tss,wings --encoder FILE

prints a Markdown table per set: every measure of the set's protocols by method and
sub-class, in percent (landmark errors in pixels or percent of the width), with the 95 %
interval of the mean over all pairs. All methods see the same features in the same run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from napari_jcc.device import choose_device
from napari_jcc.evaluation.bootstrap import Interval
from napari_jcc.evaluation.matching import (
    MATCHING_SETS,
    PairSet,
    open_landmark_folder,
    open_matching_set,
    score_pair,
    summarise,
)
from napari_jcc.features.encoders import load_encoder
from napari_jcc.matching.baselines import (
    Describer,
    EncoderDescriber,
    IdentityMatcher,
    MutualAffineMatcher,
    NearestMatcher,
    PairMatcher,
    RegistrationMatcher,
    Remembering,
    SiftDescriber,
)

METHODS: dict[str, Callable[[Describer], PairMatcher]] = {
    "identity": lambda describer: IdentityMatcher(),
    "nearest": NearestMatcher,
    "mutual-affine": MutualAffineMatcher,
    "registration": RegistrationMatcher,
}
Summary = dict[str, dict[str, Interval]]


def open_set(root: Path, name: str) -> PairSet:
    """A known kind of set in the folder of its name; any other folder as landmarks."""
    if name in MATCHING_SETS:
        return open_matching_set(name, root / name)
    return open_landmark_folder(root / name, name)


def build_describer(options: argparse.Namespace) -> Describer:
    if not options.encoder:
        return Remembering(SiftDescriber())
    device = choose_device(options.device)
    encoder = load_encoder(options.encoder, device, options.stride)
    return Remembering(EncoderDescriber(encoder, options.size))


def build_matchers(options: argparse.Namespace) -> list[PairMatcher]:
    describer = build_describer(options)
    return [METHODS[name](describer) for name in options.methods.split(",")]


def run(pairs: PairSet, matcher: PairMatcher) -> tuple[Summary, float]:
    """Summary, and seconds a pair; the first method pays for the features."""
    start = time.perf_counter()
    scores = [score_pair(matcher, pair, pairs.protocols) for pair in pairs]
    seconds = (time.perf_counter() - start) / len(scores)
    return summarise(scores), seconds


def cell(measure: str, value: Interval, interval: bool) -> str:
    factor, digits = (1, 2) if "error" in measure else (100, 1)
    text = f"{factor * value.mean:.{digits}f}"
    if interval:
        text += f" ({factor * value.low:.{digits}f}-{factor * value.high:.{digits}f})"
    return text


def print_table(pairs: PairSet, results: dict[str, tuple[Summary, float]]) -> None:
    first = next(iter(results.values()))[0]
    categories = sorted(set(first) - {"all"})
    shown = [*categories, "all"] if len(categories) > 1 else ["all"]
    print(f"\n{pairs.name}: {len(pairs)} pairs", end="")
    print(f", {len(pairs.left_out)} listed images absent" if pairs.left_out else "")
    print(f"\n| measure | method | {' | '.join(shown)} | s/pair |")
    print("|---" * (len(shown) + 3) + "|")
    for measure in first["all"]:
        for name, (summary, seconds) in results.items():
            cells = [cell(measure, summary[c][measure], c == "all") for c in shown]
            print(f"| {measure} | {name} | {' | '.join(cells)} | {seconds:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default="pf_willow,tss,wings")
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--size", type=int, default=320, help="longer side it sees")
    parser.add_argument("--stride", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--pairs", type=int, default=225, help="at most, drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    matchers = build_matchers(options)
    table = {}
    for name in options.sets.split(","):
        pairs = open_set(options.root, name).sample(options.pairs, options.seed)
        results = {matcher.name: run(pairs, matcher) for matcher in matchers}
        table[name] = {
            method: {"seconds_per_pair": seconds, "scores": summary}
            for method, (summary, seconds) in results.items()
        }
        if not options.json:
            print_table(pairs, results)
            sys.stdout.flush()
    if options.json:
        print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()

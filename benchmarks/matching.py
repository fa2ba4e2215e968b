"""Matchers on pairs with known correspondences: baselines, training-free, trained.

    python benchmarks/matching.py --root DATA --sets pf_willow,tss,wings --encoder FILE

prints a Markdown table per set: every measure of the set's protocols by method and
sub-class, in percent (landmark errors in pixels or percent of the width), with the 95 %
interval of the mean over all pairs. All methods see the same features in the same run.
`--checkpoint` adds a trained network, which has the encoder that it was trained on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from napari_jcc.config import apply_overrides
from napari_jcc.evaluation.matching import (
    compare_matchers,
    format_comparison,
    open_baselines,
    open_matching_set,
)
from napari_jcc.evaluation.matching.compare import BASELINES
from napari_jcc.evaluation.matching.pairs import PairSet
from napari_jcc.evaluation.matching.sets import MATCHING_SETS, open_landmark_folder
from napari_jcc.matching.baselines import PairMatcher
from napari_jcc.matching.outputs import open_pair_matcher


def open_set(root: Path, name: str) -> PairSet:
    """A known kind of set in the folder of its name; any other folder as landmarks."""
    if name in MATCHING_SETS:
        return open_matching_set(name, root / name)
    return open_landmark_folder(root / name, name)


def build_matchers(options: argparse.Namespace) -> list[PairMatcher]:
    names = [name for name in options.methods.split(",") if name]
    matchers = open_baselines(names, options.encoder, options.device)
    if options.checkpoint:
        changes = ["training.device=" + options.device, *options.set]
        matchers.append(
            open_pair_matcher(options.checkpoint, lambda c: apply_overrides(c, changes))
        )
    return matchers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default="pf_willow,tss,wings")
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--checkpoint", type=Path, help="of napari-jcc train")
    parser.add_argument("--set", action="append", default=[], help="of the network")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--methods", default=",".join(BASELINES))
    parser.add_argument("--pairs", type=int, default=225, help="at most, drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    matchers = build_matchers(options)
    table = {}
    for name in options.sets.split(","):
        pairs = open_set(options.root, name).sample(options.pairs, options.seed)
        results = compare_matchers(pairs, matchers)
        table[name] = {
            method: {"seconds_per_pair": score.seconds, "scores": score.summary}
            for method, score in results.items()
        }
        if not options.json:
            sys.stdout.write(f"\n{format_comparison(pairs, results)}\n")
            sys.stdout.flush()
    if options.json:
        sys.stdout.write(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()

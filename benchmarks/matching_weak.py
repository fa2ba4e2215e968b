"""What training on pairs adds to a network whose first stage is trained.

    python benchmarks/matching_weak.py --root DATA/pf_willow --class "duck(S)" \
        --start synthetic.ckpt --set training.epochs=40

trains the second stage on one half of a sub-class of PF-WILLOW, by the order of the names,
and prints a Markdown table for pairs of the other half, matched both ways: percent of
points within a tenth, by both rules, before and after, as the network gives it and refined;
then with each loss left out in turn, and after the last stage in place of the second,
which is all that is trained with `training.epochs=0`.
Halves change places, and figures are over both.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairSet
from napari_jcc.evaluation.matching.proposal_flow import open_pf_willow
from napari_jcc.evaluation.matching.score import PairScore, score_pair
from napari_jcc.matching import Checkpoint, train
from napari_jcc.matching.outputs import open_pair_matcher

LOSSES = "matching", "cycle", "transitivity", "contrast", "consistency"
MEASURES = "willow-224 PCK@0.1", "willow-box PCK@0.1"
Scores = dict[str, list[PairScore]]


def both_ways(pairs: Sequence[MatchingPair]) -> list[MatchingPair]:
    turned = [
        replace(p, name=f"{p.name}, turned", source=p.target, target=p.source)
        for p in pairs
    ]
    return [*pairs, *turned]


def halves(listed: PairSet, name: str) -> Iterator[tuple[list[Path], list[MatchingPair]]]:
    """Images to train on, and the pairs that have none of them."""
    pairs = [pair for pair in listed if pair.category == name]
    paths = sorted({side.path for p in pairs for side in (p.source, p.target)})
    middle = len(paths) // 2
    for training in (paths[:middle], paths[middle:]):
        seen = set(training)
        unseen = [p for p in pairs if not {p.source.path, p.target.path} & seen]
        yield training, both_ways(unseen)


def score(checkpoint: Path, pairs: Sequence[MatchingPair], refinement: str):
    changes = {"matching.refinement": refinement, "training.device": "cpu"}
    matcher = open_pair_matcher(checkpoint, lambda c: apply_overrides(c, changes))
    return [score_pair(matcher, pair, ("willow-224", "willow-box")) for pair in pairs]


def row(name: str, scores: Scores, before: Scores, seconds: float) -> str:
    """Means, and the gain over the start with its 95 % interval over the pairs."""
    cells = []
    for measure in MEASURES:
        for refinement, found in scores.items():
            values = np.array([score.measures[measure] for score in found])
            old = np.array([score.measures[measure] for score in before[refinement]])
            gain = bootstrap_mean([list(100 * (values - old))])
            change = f" ({gain.mean:+.1f}: {gain.low:+.1f} to {gain.high:+.1f})"
            cells.append(f"{100 * values.mean():.1f}" + change * (scores is not before))
    return f"| {name} | {' | '.join(cells)} | {seconds:.0f} |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--class", dest="names", default="duck(S)", help="or several")
    parser.add_argument("--start", type=Path, required=True, help="checkpoint")
    parser.add_argument("--set", action="append", default=[], help="of the training")
    parser.add_argument("--without", default=",".join(LOSSES), help="losses, in turn")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    network = Checkpoint.load(options.start).config.network
    config = MatchConfig(network=network)
    base = {"synthetic.steps": 0, "training.device": "cpu", "training.patience": 0}
    config = apply_overrides(apply_overrides(config, base), options.set)
    steps = config.training.agreed_steps
    config = apply_overrides(config, {"training.agreed_steps": 0})
    listed = open_pf_willow(options.root)
    folds = [fold for name in options.names.split(",") for fold in halves(listed, name)]
    left_out = [name for name in options.without.split(",") if name]
    variants = {"second stage": {}} | {f"without {n}": {f"losses.{n}": 0} for n in left_out}
    if not config.training.epochs:
        variants = {}
    variants["last stage"] = {"training.epochs": 0, "training.agreed_steps": steps}
    write = sys.stdout.write
    write("| | 224 | 224, refined | box | box, refined | CPU s |\n")
    write("|---|---|---|---|---|---|\n")
    before: Scores = {
        r: [s for _, pairs in folds for s in score(options.start, pairs, r)]
        for r in ("none", "local")
    }
    write(row("first stage", before, before, 0))
    for name, changes in variants.items():
        after: Scores = {"none": [], "local": []}
        spent = 0.0
        for images, pairs in folds:
            with tempfile.TemporaryDirectory() as folder:
                output = Path(folder) / "weak.ckpt"
                began = time.process_time()
                train(
                    ImageCollection.from_files(images),
                    apply_overrides(config, changes),
                    output,
                    start=options.start,
                )
                spent += time.process_time() - began
                for refinement, scores in after.items():
                    scores += score(output, pairs, refinement)
        write(row(name, after, before, spent / len(folds)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()

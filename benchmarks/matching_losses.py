"""What each loss of the second stage does to masks: left out, and weighed otherwise.

    python benchmarks/matching_losses.py --set msrc --root DATA/msrc --class cow \
        --start synthetic.ckpt --factors 0,0.25,4 --change training.epochs=10

trains the second stage once as it is, and once for every loss and every factor that its
weight is multiplied by, on the images of a set; prints J of the masks of these images, in
percent, with the gain over the training as it is and its 95 % interval over the images.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from napari_jcc.benchmark import load_set
from napari_jcc.benchmark.scores import compare_image
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.matching import Checkpoint, Matcher, train

LOSSES = "matching", "cycle", "transitivity", "contrast", "consistency"
NO_BOX = np.zeros((0, 4), np.float32)


def jaccards(masks: list[np.ndarray], truths: list) -> np.ndarray:
    pairs = zip(masks, truths, strict=True)
    return np.array(
        [compare_image("", mask, NO_BOX, truth).jaccard for mask, truth in pairs]
    )


def show(name: str, scores: np.ndarray, before: np.ndarray | None, seconds: float) -> None:
    cell = f"{100 * scores.mean():.1f}"
    if before is not None:
        gain = bootstrap_mean([list(100 * (scores - before))])
        cell += f" ({gain.mean:+.1f}: {gain.low:+.1f} to {gain.high:+.1f})"
    print(f"| {name} | {cell} | {seconds:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", dest="data", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--class", dest="name", default="", help="empty: the first")
    parser.add_argument("--start", type=Path, required=True, help="checkpoint")
    parser.add_argument("--factors", default="0,0.25,4")
    parser.add_argument("--losses", default=",".join(LOSSES))
    parser.add_argument("--change", action="append", default=[], help="of the training")
    options = parser.parse_args()
    torch.set_num_threads(1)
    names = [options.name] if options.name else []
    labelled = load_set(options.data, options.root, names)[0]
    images = ImageCollection.from_files(labelled.images)
    truths = [labelled.read(path) for path in labelled.images]
    config = MatchConfig(network=Checkpoint.load(options.start).config.network)
    base = {"synthetic.steps": 0, "training.device": "cpu", "training.patience": 0}
    base |= {"training.agreed_steps": 0}
    config = apply_overrides(apply_overrides(config, base), options.change)

    def learn(changes: dict[str, float]) -> tuple[np.ndarray, float]:
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "weak.ckpt"
            train(images, apply_overrides(config, changes), output, start=options.start)
            seconds = time.process_time() - began
            return jaccards(
                Matcher.from_checkpoint(Checkpoint.load(output), "cpu").masks(images),
                truths,
            ), seconds

    print(f"{labelled.name}: {len(truths)} images\n\n| | J | CPU s |\n|-|-|-|")
    before, seconds = learn({})
    show("as it is", before, None, seconds)
    for factor in map(float, options.factors.split(",")):
        for loss in options.losses.split(","):
            weight = factor * getattr(config.losses, loss)
            scores, seconds = learn({f"losses.{loss}": weight})
            show(f"{loss} x {factor:g}", scores, before, seconds)


if __name__ == "__main__":
    main()

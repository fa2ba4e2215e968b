"""What masks of the joint program do for the training of the matching network, and back.

    python benchmarks/matching_guided.py --set msrc --root DATA/msrc --class cow \
        --start synthetic.ckpt --change training.epochs=10

solves the joint program on a set, trains the second stage on the same images, with and
without the program's masks (`training.masks`), with all terms and with those of masks
alone, and prints P and J, in percent with 95 % intervals over the images, of the networks,
of the program, and of the program whose saliency is what the networks say that were trained
for masks only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from matching_masks import NO_BOX, solve, solve_with_prior
from PIL import Image

from napari_jcc.benchmark import load_set
from napari_jcc.benchmark.scores import compare_image
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides, get_preset
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.matching import Checkpoint, Matcher, train


def save_masks(collection: ImageCollection, masks, folder: Path) -> None:
    for name, mask in zip(collection.names, masks, strict=True):
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.where(mask, np.uint8(255), np.uint8(0))).save(path)


def variants(folder: Path):
    alone = {"losses.use_matching": False}
    guided = {"training.masks": str(folder)}
    return {
        "network": {},
        "network, guided": guided,
        "network, masks only": alone,
        "network, masks only, guided": alone | guided,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--set", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--class", dest="name", default="", help="empty: the first")
    parser.add_argument("--start", type=Path, required=True, help="checkpoint")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--change", action="append", default=[], help="of the training")
    options = parser.parse_args()
    torch.set_num_threads(1)
    wanted = [options.name] if options.name else []
    labelled = load_set(options.set, options.root, wanted)[0]
    collection = ImageCollection.from_files(labelled.images)
    truths = [labelled.read(path) for path in labelled.images]
    network = Checkpoint.load(options.start).config.network
    base = {"synthetic.steps": 0, "training.device": "cpu", "training.patience": 0}
    base |= {"training.agreed_steps": 0}
    config = apply_overrides(MatchConfig(network=network), base)
    config = apply_overrides(config, options.change)
    program = get_preset(options.preset)

    def show(name: str, masks, seconds: float) -> None:
        scores = [
            compare_image(name, mask, NO_BOX, truth)
            for mask, truth in zip(masks, truths, strict=True)
        ]
        cells = []
        for values in ([s.accuracy for s in scores], [s.jaccard for s in scores]):
            m = bootstrap_mean([values])
            cells.append(f"{100 * m.mean:.1f} ({100 * m.low:.1f}-{100 * m.high:.1f})")
        sys.stdout.write(f"| {name} | {' | '.join(cells)} | {seconds:.0f} |\n")
        sys.stdout.flush()

    sys.stdout.write(f"{labelled.name}: {len(truths)} images\n\n")
    sys.stdout.write("| masks | P | J | CPU s |\n|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as place:
        began = time.process_time()
        joint = solve(collection, program)
        show("joint", joint, time.process_time() - began)
        folder = Path(place) / "masks"
        save_masks(collection, joint, folder)
        for name, changes in variants(folder).items():
            output = Path(place) / "weak.ckpt"
            began = time.process_time()
            train(collection, apply_overrides(config, changes), output, start=options.start)
            seconds = time.process_time() - began
            matcher = Matcher.from_checkpoint(Checkpoint.load(output), "cpu")
            probabilities = matcher.probabilities(collection)
            show(name, [p > matcher.settings.threshold for p in probabilities], seconds)
            if name.startswith("network, masks only"):
                told = solve_with_prior(collection, program, probabilities)
                show(f"joint, told by {name}", told, 0)


if __name__ == "__main__":
    main()

"""Masks of a trained matching network beside those of the joint program, and trivial ones.

    python benchmarks/matching_masks.py --set msrc --root DATA/msrc --class cow \
        --checkpoint cow.ckpt --preset fast

prints P and J, in percent with 95 % intervals over the images, of masks that look at
nothing, of the network, of the joint program, of the joint program whose saliency is the
network's probability of object, and of that probability alone, split by Otsu's threshold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.filters import threshold_otsu

from napari_jcc.benchmark import load_set
from napari_jcc.benchmark.guesses import guess_background, guess_centre, guess_foreground
from napari_jcc.benchmark.scores import compare_image
from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig, apply_overrides, get_preset
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.matching import Checkpoint, Matcher
from napari_jcc.pipeline import Run

NO_BOX = np.zeros((0, 4), np.float32)
GUESSES: dict[str, Callable] = {
    "background": guess_background,
    "foreground": guess_foreground,
    "centre": guess_centre,
}


def solve(collection: ImageCollection, config: JccConfig) -> list[np.ndarray]:
    return [image.mask for image in Run(collection, config).result().images]


def solve_with_prior(
    collection: ImageCollection, config: JccConfig, probabilities: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Masks of the joint program, told the probabilities in place of its saliency."""
    with tempfile.TemporaryDirectory() as folder:
        for name, values in zip(collection.names, probabilities, strict=True):
            path = Path(folder) / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((255 * values).round().astype(np.uint8)).save(path)
        told = {"saliency.method": "supplied", "saliency.folder": folder}
        return solve(collection, apply_overrides(config, told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--class", dest="name", default="", help="empty: the first")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--encoder", default="", help="of the joint program")
    options = parser.parse_args()
    labelled = load_set(options.set, options.root, [options.name] if options.name else [])[
        0
    ]
    collection = ImageCollection.from_files(labelled.images)
    matcher = Matcher.from_checkpoint(Checkpoint.load(options.checkpoint), "cpu")
    probabilities = matcher.probabilities(collection)
    config = get_preset(options.preset)
    if options.encoder:
        config = apply_overrides(config, {"features.encoder": options.encoder})
    answers = {
        name: [guess(collection.shape(i))[0] for i in range(len(collection))]
        for name, guess in GUESSES.items()
    }
    answers |= {
        "network": [p > matcher.settings.threshold for p in probabilities],
        "network, Otsu": [p > threshold_otsu(p) for p in probabilities],
        "joint": solve(collection, config),
        "joint, told by network": solve_with_prior(collection, config, probabilities),
    }
    truths = [labelled.read(path) for path in labelled.images]
    lines = [
        f"{labelled.name}: {len(truths)} images",
        "",
        "| masks | P | J |",
        "|---|---|---|",
    ]
    for name, masks in answers.items():
        scores = [
            compare_image(name, mask, NO_BOX, truth)
            for mask, truth in zip(masks, truths, strict=True)
        ]
        cells = []
        for values in ([s.accuracy for s in scores], [s.jaccard for s in scores]):
            mean = bootstrap_mean([values])
            cells.append(
                f"{100 * mean.mean:.1f} ({100 * mean.low:.1f}-{100 * mean.high:.1f})"
            )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()

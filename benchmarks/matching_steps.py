"""Seconds of processor time per step of training, with one thread.

    python benchmarks/matching_steps.py --images FOLDER --encoder FILE.pt2 \
        --set network.cascade=features

trains a few steps of each stage on the images of a folder, and prints a Markdown table of
the medians. The first steps of a stage are left out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

import torch

from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.matching import train

FIRST = 3
SETTINGS = {
    "synthetic.steps": 15,
    "synthetic.views": 2,
    "training.epochs": 2,
    "training.agreed_steps": 0,
    "training.mask_steps": 15,
    "training.views": 2,
    "training.validation": 0,
    "training.device": "cpu",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=Path, nargs="+", required=True)
    parser.add_argument("--encoder", default="")
    parser.add_argument("--set", nargs="*", default=[], help="section.field=value ...")
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = apply_overrides(MatchConfig(), SETTINGS | {"network.encoder": options.encoder})
    config = apply_overrides(config, options.set)
    collection = ImageCollection.from_paths(options.images)
    seen: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        train(
            collection,
            config,
            Path(folder) / "steps.ckpt",
            watch=lambda record: seen.setdefault(str(record["stage"]), []).append(
                time.process_time()
            ),
        )
    print(f"| {len(collection)} images | CPU s per step |\n|---|---|")
    for stage, times in seen.items():
        spent = [b - a for a, b in pairwise(times)][FIRST:]
        print(f"| {stage} | {median(spent):.2f} |")


if __name__ == "__main__":
    main()

"""Transformations that are known: train the heads on some images, test on others.

    python benchmarks/matching_synthetic.py --images FOLDER --encoder FILE.pt2

trains the first stage on images of the folder, drawn at random, and prints a Markdown table
for images that were left out, warped by affine and thin plate transformations drawn from
the ranges of the settings: the mean distance of the points that the network carries from
where they belong, in percent of the image side, for points that lie in both images. Rows:
no transformation, the affine part alone, the whole, refined from these. With
--checkpoint, a network is tested that was trained before.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import numpy as np
import torch

from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.device import choose_device
from napari_jcc.matching import Checkpoint, train
from napari_jcc.matching.network import PyramidEncoder, Transform
from napari_jcc.matching.network.images import to_float
from napari_jcc.matching.network.transforms import pixel_centres
from napari_jcc.matching.refinement import BLIND_REACH, refine
from napari_jcc.matching.training.images import load_images
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.matching.training.warped_pairs import transfer_error, warp_pairs

GRID_POINTS = 20
BATCH = 8


def split(folder: Path, training: int, testing: int):
    """Images to train on, and others to test on, the same ones every time."""
    collection = ImageCollection.from_paths([folder], recursive=True)
    order = list(range(len(collection)))
    random.Random(0).shuffle(order)
    return (
        collection.select(order[testing : testing + training]),
        collection.select(order[:testing]),
    )


def leave_out(images: ImageCollection, checkpoint: Checkpoint) -> ImageCollection:
    """Images that the network was not trained on, by the hash of their content."""
    seen = set(checkpoint.provenance["images"].values())
    new = [i for i in range(len(images)) if images.fingerprint(i) not in seen]
    if not new:
        raise SystemExit("The network was trained on all of these images. Name others.")
    return images.select(new)


def test(checkpoint: Checkpoint, images: torch.Tensor, device: str, repeats: int):
    """Errors (pairs,) by row, in percent of the image side."""
    network = checkpoint.build(device)
    size = checkpoint.config.network.input_size
    cells = round(
        checkpoint.config.network.grid * checkpoint.config.matching.refinement_scale
    )
    larger = round(cells * size / checkpoint.config.network.grid)
    detail = checkpoint.config.matching.refinement_detail
    finer = PyramidEncoder(network.encoder.trunk, cells)
    config = apply_overrides(checkpoint.config, {"network.input_size": larger})
    generator = generator_for("benchmark")
    errors: dict[str, list[torch.Tensor]] = {}
    for batch in torch.arange(len(images)).repeat(repeats).split(BATCH):
        pairs = warp_pairs(to_float(images[batch], "cpu"), config, generator)
        pairs = pairs.to(torch.device(device))
        with torch.no_grad():
            views = [_shrink(view, size) for view in (pairs.source, pairs.target)]
            coarse = [network.encode(view, with_skips=False) for view in views]
            found = network.match(*coarse, views[0]).transform
            source, target = finer(pairs.source), finer(pairs.target)
            rest = Transform.identity(len(batch), found.affine)
            rows = {
                "identity": rest,
                "affine": Transform(found.affine, rest.tps),
                "affine + TPS": found,
                "affine + TPS, refined": refine(source, target, found, detail=detail),
                "identity, refined": refine(source, target, rest, BLIND_REACH, detail),
            }
            points = pixel_centres(GRID_POINTS, GRID_POINTS, found.affine)
            points = points.expand(len(batch), -1, -1)
            truth = pairs.transform(points)
            for name, transform in rows.items():
                error = 100 * transfer_error(transform(points), truth)
                errors.setdefault(name, []).append(error.cpu())
    return {name: torch.cat(parts).numpy() for name, parts in errors.items()}


def _shrink(images: torch.Tensor, side: int) -> torch.Tensor:
    return torch.nn.functional.interpolate(
        images, (side, side), mode="bilinear", antialias=True
    )


def parse():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--encoder", default="")
    parser.add_argument("--training", type=int, default=24, help="images trained on")
    parser.add_argument("--testing", type=int, default=24, help="images left out")
    parser.add_argument("--repeats", type=int, default=4, help="pairs per image")
    parser.add_argument("--output", type=Path, default=Path("synthetic.ckpt"))
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], help="section.field=value ...")
    return parser.parse_args()


def main() -> None:
    options = parse()
    if options.threads:
        torch.set_num_threads(options.threads)
    training, testing = split(options.images, options.training, options.testing)
    base = {
        "network.encoder": options.encoder,
        "network.cascade": "features",
        "training.epochs": 0,
        "training.device": options.device,
    }
    config = apply_overrides(apply_overrides(MatchConfig(), base), options.set)
    start, before = time.perf_counter(), time.process_time()
    if options.checkpoint:
        checkpoint = Checkpoint.load(options.checkpoint)
        checkpoint.config = apply_overrides(checkpoint.config, options.set)
    else:
        checkpoint = train(training, config, options.output, resume=True)
        seconds = time.perf_counter() - start, time.process_time() - before
        print(f"Trained in {seconds[0]:.0f} s ({seconds[1]:.0f} s of processor time).\n")
    testing = leave_out(testing, checkpoint)
    device = choose_device(options.device)
    side = round(1.67 * checkpoint.config.network.input_size)
    images = load_images(testing, side)
    errors = test(checkpoint, images, device, options.repeats)
    print(
        f"| {len(images)} images, {len(errors['identity'])} pairs | mean | median | 90 % |"
    )
    print("| --- | --- | --- | --- |")
    for name, values in errors.items():
        cells = values.mean(), np.median(values), np.quantile(values, 0.9)
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in cells)} |")


if __name__ == "__main__":
    main()

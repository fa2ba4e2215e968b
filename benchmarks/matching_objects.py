"""Photographs with several objects of a kind, each matched to one that shows a single one.

    python benchmarks/matching_objects.py --root DATA/voc2007_6x2 --encoder FILE.pt2

takes images of PASCAL07-6x2 with two or more boxes, at most `--count` for every class and
view, and as many with one; for each another one with one box is drawn as the template.
Maps carry the template's box into the photograph. A map finds an object if the upright box
around what it carries has an IoU of at least `--iou` with the object's own; no two find the
same. Prints a Markdown table: the share of objects found and the number of maps that find
none, both for photographs with several objects, and the number of further maps where there
is one. `--instances 1` has one map only.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matching_instances import write_table
from scipy.optimize import linear_sum_assignment

from napari_jcc.benchmark import load_set
from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides
from napari_jcc.matching.outputs import PairResult, SetMatcher, open_set_matcher
from napari_jcc.progress import Progress
from napari_jcc.regions.overlap import box_iou

SIDE = 20


class Photo(NamedTuple):
    """An image file, and the boxes (K, 4) of the objects in it."""

    path: Path
    boxes: np.ndarray


def draw(root: Path, count: int) -> Iterator[tuple[str, Photo, Photo]]:
    """Photographs with several objects and with one, each with a template, by class."""
    for labelled in load_set("voc07-6x2", root, []):
        photos = [Photo(path, labelled.read(path).boxes) for path in labelled.images]
        generator = np.random.default_rng(0)
        single = [photo for photo in photos if len(photo.boxes) == 1]
        for part in ([photo for photo in photos if len(photo.boxes) > 1], single):
            chosen = generator.permutation(len(part))[:count]
            for photo in (part[int(k)] for k in np.sort(chosen)):
                others = [other for other in single if other is not photo]
                yield labelled.name, photo, others[int(generator.integers(len(others)))]


def carry_box(pair: PairResult, box: np.ndarray) -> np.ndarray:
    """Upright box around where a map carries a box of the target; edges, not centres."""
    left, top, right, bottom = np.asarray(box, dtype=np.float64) - 0.5
    grid = np.meshgrid(np.linspace(left, right, SIDE), np.linspace(top, bottom, SIDE))
    ends = pair.to_source(np.stack(grid, axis=-1).reshape(-1, 2)) + 0.5
    return np.concatenate([ends.min(axis=0), ends.max(axis=0)])


def count_found(boxes: np.ndarray, truth: np.ndarray, enough: float) -> int:
    """Most objects that can be given a map of their own."""
    fits = box_iou(boxes[:, None], truth[None]) >= enough
    return int(fits[linear_sum_assignment(fits, maximize=True)].sum())


def score(matcher: SetMatcher, photo: Photo, template: Photo, enough: float):
    images = ImageCollection.from_files([photo.path, template.path])
    maps = list(matcher.match(images, [(0, 1)], Progress()))
    if len(photo.boxes) == 1:
        return {"further, one object": [len(maps) - 1.0]}
    boxes = np.stack([carry_box(pair, template.boxes[0]) for pair in maps])
    found = count_found(boxes, photo.boxes, enough)
    objects = len(photo.boxes)
    return {
        "found": [1.0] * found + [0.0] * (objects - found),
        "maps that find none": [float(len(maps) - found)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--encoder", default="")
    parser.add_argument("--instances", type=int, default=0)
    parser.add_argument("--iou", type=float, default=0.5)
    parser.add_argument("--count", type=int, default=20, help="photographs of each sort")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    changes = {
        "matching.instances": options.instances,
        "training.device": "cpu",
        "network.encoder": options.encoder,
    }
    matcher = open_set_matcher(adapt=lambda config: apply_overrides(config, changes))
    found: dict[str, dict[str, list[float]]] = {}
    for name, photo, template in draw(options.root, options.count):
        for measure, values in score(matcher, photo, template, options.iou).items():
            for row in (name, "all"):
                found.setdefault(row, {}).setdefault(measure, []).extend(values)
    write_table(found, "objects")


if __name__ == "__main__":
    main()

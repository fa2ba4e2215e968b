"""Pictures with two objects of a kind, one beside the other, matched to a third image.

    python benchmarks/matching_instances.py --root DATA/pf_willow --encoder FILE.pt2

joins two images of a sub-class of PF-WILLOW and matches them, as the source and as the
target, to a third image of it, the template; the key points of all three are known. Prints
a Markdown table by sub-class: PCK@.1 (on 224 x 224 pixels of the image that points are
carried to, each joined one by itself) of the best map for each object; the share of objects
found, which are those with a map that has half of the points right; and further maps where
there is one object alone: in a joined picture whose other half is of another sub-class, and
in a single image. `--instances 1` has one map only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.evaluation.matching.pairs import PairImage
from napari_jcc.evaluation.matching.proposal_flow import open_pf_willow
from napari_jcc.matching.outputs import PairResult, SetMatcher, open_set_matcher
from napari_jcc.progress import Progress

HEIGHT = 240
ENOUGH = 0.5


class Joined(NamedTuple):
    """Two images beside each other, their points in it, and where each begins and ends."""

    picture: np.ndarray
    points: list[np.ndarray]
    sizes: list[tuple[int, int]]


def join(images: Sequence[PairImage]) -> Joined:
    parts, points, sizes = [], [], []
    left = 0
    for image in images:
        pixels = image.image()
        width = round(pixels.shape[1] * HEIGHT / pixels.shape[0])
        scale = np.array([width / pixels.shape[1], HEIGHT / pixels.shape[0]])
        parts.append(cv2.resize(pixels, (width, HEIGHT), interpolation=cv2.INTER_AREA))
        points.append((image.points + 0.5) * scale - 0.5 + [left, 0])
        sizes.append((HEIGHT, width))
        left += width
    return Joined(np.hstack(parts), points, sizes)


def draw(root: Path, count: int) -> Iterator[tuple[str, list[PairImage], PairImage]]:
    """Three images of every sub-class, `count` times, and one of the next sub-class."""
    known: dict[str, dict[Path, PairImage]] = {}
    for pair in open_pf_willow(root):
        for image in (pair.source, pair.target):
            known.setdefault(pair.category, {})[image.path] = image
    sets = {name: [images[p] for p in sorted(images)] for name, images in known.items()}
    names = sorted(sets)
    for place, name in enumerate(names):
        generator = np.random.default_rng(0)
        others = sets[names[(place + 2) % len(names)]]
        for _ in range(count):
            chosen = generator.choice(len(sets[name]), 3, replace=False)
            other = others[int(generator.integers(len(others)))]
            yield name, [sets[name][int(k)] for k in chosen], other


def match(matcher: SetMatcher, source, target) -> list[PairResult]:
    images = ImageCollection.from_arrays([source, target])
    return list(matcher.match(images, [(0, 1)], Progress()))


def share_right(found: np.ndarray, truth: np.ndarray, size: tuple[int, int]) -> float:
    errors = np.linalg.norm((found - truth) * [224 / size[1], 224 / size[0]], axis=1)
    return float((errors <= 22.4).mean())


def score(matcher: SetMatcher, images: list[PairImage], other: PairImage):
    template, *two = images
    pixels, joined = template.image(), join(two)
    size = pixels.shape[:2]
    as_source = match(matcher, joined.picture, pixels)
    as_target = match(matcher, pixels, joined.picture)
    halves = list(zip(joined.points, joined.sizes, strict=True))
    into = [
        max(share_right(m.to_source(template.points), p, s) for m in as_source)
        for p, s in halves
    ]
    out = [
        max(share_right(m.to_source(p), template.points, size) for m in as_target)
        for p, _ in halves
    ]
    wrong = [
        all(share_right(m.to_source(template.points), p, s) < ENOUGH for p, s in halves)
        for m in as_source
    ]
    mixed = match(matcher, join([two[0], other]).picture, pixels)
    single = match(matcher, two[0].image(), pixels)
    return {
        "PCK, source": into,
        "found, source": [value >= ENOUGH for value in into],
        "PCK, target": out,
        "found, target": [value >= ENOUGH for value in out],
        "wrong maps": [float(sum(wrong[1:]))],
        "further, one object": [len(mixed) - 1.0],
        "further, single image": [len(single) - 1.0],
    }


def write_table(found: dict[str, dict[str, list[float]]], count: str = "") -> None:
    """Print the mean of every measure by row, that of the row "all" with its interval.

    Measures named PCK or found are shares, given in percent. `count` is the title of a
    column that says how many were to be found, if there is to be one.
    """
    everything = found.pop("all")
    titles = [*([count] if count else []), *everything]
    sys.stdout.write(f"| | {' | '.join(titles)} |\n|{'---|' * (len(titles) + 1)}\n")
    for name, measures in [*found.items(), ("all", everything)]:
        cells = [str(len(measures["found"]))] if count else []
        for measure, values in measures.items():
            share = measure.startswith(("PCK", "found"))
            factor, digits = (100, 1) if share else (1, 2)
            mean = bootstrap_mean([values])
            text = f"{factor * mean.mean:.{digits}f}"
            if name == "all":
                low, high = factor * mean.low, factor * mean.high
                text += f" ({low:.{digits}f}-{high:.{digits}f})"
            cells.append(text)
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--encoder", default="")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--method", default="registration")
    parser.add_argument("--instances", type=int, default=0)
    parser.add_argument("--count", type=int, default=20, help="pictures per sub-class")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    changes = {
        "matching.instances": options.instances,
        "matching.untrained": options.method,
        "training.device": "cpu",
    }
    if not options.checkpoint:
        changes["network.encoder"] = options.encoder
    matcher = open_set_matcher(options.checkpoint, lambda c: apply_overrides(c, changes))
    found: dict[str, dict[str, list[float]]] = {}
    for name, images, other in draw(options.root, options.count):
        for measure, values in score(matcher, images, other).items():
            for row in (name, "all"):
                found.setdefault(row, {}).setdefault(measure, []).extend(values)
    write_table(found)


if __name__ == "__main__":
    main()

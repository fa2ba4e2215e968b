"""What strokes on a few images do for the others: teaching against painting only.

    python benchmarks/corrections.py --root DATA --sets wbc,msrc/car --images 30

Strokes are simulated from the truth: three on the image with the lowest J, then three on
the next worst that was not drawn on yet. A stroke runs along the middle of the largest
region that is wrong, and is of one kind. Printed is J in percent, over all images and over
those never drawn on, after every corrected image, and the times of `answer` and `settle`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from sets import LabelledSet, load_sets
from skimage.graph import route_through_array

from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig, apply_overrides, get_preset
from napari_jcc.evaluation.metrics import jaccard
from napari_jcc.interaction import BACKGROUND, OBJECT, Corrector, Edits, lay_over
from napari_jcc.pipeline import Cache, FinishedRun, Run

STROKES = 3
BRUSH = 0.02
"""Width of the brush, as a share of the image's longer side."""
LEAST = 0.002
"""Share of the image below which a wrong region is not worth a stroke."""


@dataclass
class Curve:
    """J of a set after every corrected image; the first entry is before any."""

    teaching: list[float] = field(default_factory=list)
    painting: list[float] = field(default_factory=list)
    untouched: list[float] = field(default_factory=list)
    untouched_before: list[float] = field(default_factory=list)
    drawn_on: list[tuple[float, float]] = field(default_factory=list)
    """J of every corrected image before its strokes, and as answered after them."""
    answer: list[tuple[float, float]] = field(default_factory=list)
    settle: list[tuple[float, float]] = field(default_factory=list)
    """Wall and processor seconds of every call."""


def draw_stroke(
    mask: np.ndarray, truth: np.ndarray, ignored: np.ndarray
) -> tuple[np.ndarray, int] | None:
    """Pixels of a stroke through the largest wrong region, and its kind.

    The region's two ends are joined along its middle: a cheapest path where being far from
    the region's outline is cheap.
    """
    wrong = (mask != truth) & ~ignored
    best, least = None, LEAST * mask.size
    for kind, region in ((OBJECT, wrong & truth), (BACKGROUND, wrong & ~truth)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8))
        if count > 1:
            place = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            if stats[place, cv2.CC_STAT_AREA] > least:
                least = stats[place, cv2.CC_STAT_AREA]
                best = labels == place, kind
    if best is None:
        return None
    region, kind = best
    depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 5)
    depth = depth[1:-1, 1:-1]
    inner = np.argwhere(depth >= 0.5 * depth.max())
    axis = np.linalg.svd(inner - inner.mean(axis=0), full_matrices=False)[2][0]
    along = inner @ axis
    ends = inner[along.argmin()], inner[along.argmax()]
    cost = np.where(region, 1 + (depth.max() / np.maximum(depth, 0.5)) ** 2, 1e6)
    path = np.array(route_through_array(cost, *ends, fully_connected=True)[0])
    line = np.zeros(mask.shape, np.uint8)
    line[tuple(path.T)] = 1
    width = max(1, round(BRUSH * max(mask.shape)))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    # A careful hand does not paint over the outline.
    return (cv2.dilate(line, brush) > 0) & region, kind


def scores(masks: list[np.ndarray], labelled: LabelledSet) -> np.ndarray:
    """J of every image in percent, pixels that the truth leaves open left out."""
    triples = zip(masks, labelled.masks, labelled.ignored, strict=True)
    return np.array([100 * jaccard(m[~o][None], t[~o][None]) for m, t, o in triples])


def correct(run: FinishedRun, labelled: LabelledSet, share: float) -> Curve:
    """Correct the worst images one after the other and record what comes of it."""
    corrector = Corrector(run)
    painted, touched = Edits(), []
    start = scores([image.mask for image in run.result.images], labelled)
    curve = Curve()
    record(curve, start, start, start, touched)
    now = start
    for _ in range(max(1, round(share * len(start)))):
        left = [i for i in range(len(start)) if i not in touched]
        worst = left[int(now[left].argmin())]
        touched.append(worst)
        truth, ignored = labelled.masks[worst], labelled.ignored[worst]
        key, shape = corrector.keys[worst], truth.shape
        edits, mask = corrector.edits, corrector.result.images[worst].mask
        only = run.result.images[worst].mask.copy()
        for _ in range(STROKES):
            stroke = draw_stroke(mask, truth, ignored)
            if stroke is not None:
                edits = edits.paint(key, *stroke)
                corrector.update(edits)
                with timed(curve.answer):
                    mask = corrector.answer(worst).mask
            # Whoever only paints sees what painting did, and paints elsewhere.
            stroke = draw_stroke(only, truth, ignored)
            if stroke is not None:
                painted = painted.paint(key, *stroke)
                only = np.where(painted.marks(key, shape) > 0, truth, only)
        answered = scores([mask], first_images(labelled, 1, worst))[0]
        curve.drawn_on.append((float(now[worst]), float(answered)))
        with timed(curve.settle):
            settled = corrector.settle()
        now = scores([image.mask for image in settled.result.images], labelled)
        plain = lay_over(run.result, painted, corrector.keys)
        record(curve, now, scores([i.mask for i in plain.images], labelled), start, touched)
    return curve


@contextmanager
def timed(seconds: list[tuple[float, float]]) -> Iterator[None]:
    """Add wall and processor time of the block; the latter bears a busy machine."""
    wall, processor = time.perf_counter(), time.process_time()
    yield
    seconds.append((time.perf_counter() - wall, time.process_time() - processor))


def record(
    curve: Curve,
    now: np.ndarray,
    painted: np.ndarray,
    start: np.ndarray,
    touched: list[int],
) -> None:
    others = np.setdiff1d(np.arange(len(now)), touched)
    curve.teaching.append(float(now.mean()))
    curve.painting.append(float(painted.mean()))
    curve.untouched.append(float(now[others].mean()))
    curve.untouched_before.append(float(start[others].mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--images", type=int, default=30, help="the first so many")
    parser.add_argument("--share", type=float, default=0.2, help="of the images, corrected")
    parser.add_argument("--json", type=Path, help="write the curves here")
    options = parser.parse_args()
    config = read_config(options)
    curves = {}
    for complete in load_sets(options.root, options.sets.split(",")):
        labelled = first_images(complete, options.images)
        collection = ImageCollection.from_files(labelled.images)
        run = Run(collection, config, cache=Cache(options.cache)).finish()
        curves[labelled.name] = correct(run, labelled, options.share)
        print_curve(labelled.name, curves[labelled.name])
    if options.json:
        options.json.write_text(json.dumps({k: vars(v) for k, v in curves.items()}))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which sets are segmented, and how."""
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default="wbc,msrc/car,msrc/plane,pascal10/Cow")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--encoder", help="as features.encoder")
    parser.add_argument("--set", action="append", default=[], metavar="section.field=value")
    parser.add_argument("--cache", type=Path)


def read_config(options: argparse.Namespace) -> JccConfig:
    """Return the settings that these options ask for."""
    config = apply_overrides(get_preset(options.preset), options.set)
    if options.encoder:
        config = apply_overrides(config, {"features.encoder": options.encoder})
    return config


def first_images(labelled: LabelledSet, count: int, first: int = 0) -> LabelledSet:
    part = slice(first, first + count)
    return LabelledSet(
        labelled.name,
        labelled.images[part],
        labelled.masks[part],
        labelled.ignored[part],
        labelled.boxes[part],
    )


def print_curve(name: str, curve: Curve) -> None:
    print(
        f"\n{name}\n\n| corrected | strokes | all, taught | all, painted "
        "| gain by teaching | untouched | the same, before |"
    )
    print("|---" * 7 + "|")
    rows = zip(
        curve.teaching, curve.painting, curve.untouched, curve.untouched_before, strict=True
    )
    for count, (taught, painted, others, before) in enumerate(rows):
        cells = taught, painted, taught - painted, others, before
        shown = " | ".join(f"{cell:.1f}" for cell in cells)
        print(f"| {count} | {STROKES * count} | {shown} |")
    before, after = np.mean(curve.drawn_on, axis=0)
    print(f"\nthe images drawn on: {before:.1f} before their strokes, {after:.1f} answered")
    for name, seconds in (("answer", curve.answer), ("settle", curve.settle)):
        wall, processor = np.median(seconds, axis=0)
        print(f"\n{name}: median {wall:.3f} s, of processor {processor:.3f} s", flush=True)


if __name__ == "__main__":
    main()

"""Masks and boxes of the joint program against trivial answers, on labelled image sets.

    python benchmarks/cosegmentation.py --root DATA --sets msrc/cow,pascal10/Cow,wbc

prints a Markdown table: P (share of pixels right), J (foreground IoU) and CorLoc (share of
images whose box has IoU above .5 with any object's box), means over images, and the time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sets import LabelledSet, load_sets

from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig, apply_overrides, get_preset
from napari_jcc.evaluation.boxes import boxes_of_mask
from napari_jcc.evaluation.metrics import is_localized, jaccard, pixel_accuracy
from napari_jcc.pipeline import Cache, Run
from napari_jcc.problem.otsu import otsu_thresholds
from napari_jcc.results import JccResult
from napari_jcc.results.decode import enlarge_mask

DEFAULT_SETS = "msrc/cow,msrc/car,msrc/plane,pascal10/Cow,pascal10/Horse,pascal10/Aero,wbc"
SALIENCY_ONLY = {
    "prior.saliency": 1,
    "prior.common": 0,
    "prior.centre": 0,
    "prior.rounds": 0,
}
Answer = tuple[np.ndarray, np.ndarray]
"""Mask (H, W) and box (4,) of one image."""


def background(result: JccResult) -> list[Answer]:
    return [(np.zeros_like(image.mask), np.full(4, np.nan)) for image in result.images]


def prior(result: JccResult) -> list[Answer]:
    """Prior above Otsu's threshold; the box of its largest piece."""
    answers = []
    for image in result.images:
        values = image.saliency_map.ravel().astype(np.float64)
        group = np.zeros(values.size, dtype=np.int64)
        threshold = otsu_thresholds(values, np.ones_like(values), group, 1)[0]
        mask = enlarge_mask(image.saliency_map > threshold, image.mask.shape)
        answers.append((mask, _largest_box(mask)))
    return answers


def joint(result: JccResult) -> list[Answer]:
    return [(image.mask, image.box) for image in result.images]


def _largest_box(mask: np.ndarray) -> np.ndarray:
    boxes = boxes_of_mask(mask)
    return boxes[0] if len(boxes) else np.full(4, np.nan)


def score(labelled: LabelledSet, answers: list[Answer]) -> dict[str, float]:
    """P and J in percent, where there are masks to compare with, and CorLoc."""
    hits = [
        is_localized(box, boxes)
        for (_, box), boxes in zip(answers, labelled.boxes, strict=True)
    ]
    scores = {"CorLoc": round(100 * float(np.mean(hits)), 1)}
    if not labelled.masks:
        return scores
    rows = []
    for (mask, _), truth, open_ in zip(
        answers, labelled.masks, labelled.ignored, strict=True
    ):
        known = ~open_
        pair = mask[known][None], truth[known][None]
        rows.append((pixel_accuracy(*pair), jaccard(*pair)))
    p, j = 100 * np.mean(rows, axis=0)
    return {"P": round(p, 1), "J": round(j, 1), **scores}


def methods(config: JccConfig) -> dict[str, tuple[JccConfig, Callable]]:
    plain = apply_overrides(config, {"decode.refinement": "none"})
    return {
        "background": (plain, background),
        "saliency": (apply_overrides(plain, SALIENCY_ONLY), prior),
        "prior": (plain, prior),
        "printed": (get_preset("paper"), joint),
        "superpixels": (plain, joint),
        "joint": (config, joint),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default=DEFAULT_SETS)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--encoder", help="as features.encoder")
    parser.add_argument("--methods", default="")
    parser.add_argument("--every", type=int, default=1, help="every n-th image only")
    parser.add_argument("--first", type=int, default=0, help="image to begin with")
    parser.add_argument("--set", action="append", default=[], metavar="section.field=value")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    config = apply_overrides(get_preset(options.preset), options.set)
    if options.encoder:
        config = apply_overrides(config, {"features.encoder": options.encoder})
    chosen = methods(config)
    if options.methods:
        chosen = {name: chosen[name] for name in options.methods.split(",")}
    cache = Cache(options.cache)
    table: dict[str, dict[str, dict[str, float]]] = {}
    for complete in load_sets(options.root, options.sets.split(",")):
        labelled = complete.every(options.every, options.first)
        collection = ImageCollection.from_files(labelled.images)
        for name, (settings, decide) in chosen.items():
            start = time.perf_counter()
            result = Run(collection, settings, cache=cache).result()
            seconds = time.perf_counter() - start
            scores = score(labelled, decide(result))
            scores["s/image"] = round(seconds / len(labelled.images), 2)
            table.setdefault(name, {})[labelled.name] = scores
    _print(table, options.json)


def _print(table: dict[str, dict[str, dict[str, float]]], as_json: bool) -> None:
    for rows in table.values():
        rows["mean"] = {
            measure: round(float(np.mean([row[measure] for row in rows.values()])), 2)
            for measure in next(iter(rows.values()))
            if all(measure in row for row in rows.values())
        }
    if as_json:
        print(json.dumps(table, indent=2))
        return
    names = list(next(iter(table.values())))
    print("| P / J / CorLoc | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for method, rows in table.items():
        cells = [
            " / ".join(f"{row[key]:.1f}" for key in ("P", "J", "CorLoc") if key in row)
            for row in rows.values()
        ]
        print(f"| {method} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

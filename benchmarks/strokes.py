"""What single strokes do to the image that they are drawn on.

    python benchmarks/strokes.py --root DATA --sets msrc/car,wbc

On every image with a J below 92, strokes are drawn as by ``corrections.py``, one after the
other, and answered; the set does not follow. Printed is J in percent before, and after one
to three strokes, how many images have lost more than 5 by then, and the largest loss.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from corrections import STROKES, draw_stroke
from sets import LabelledSet, load_sets

from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.evaluation.metrics import jaccard
from napari_jcc.interaction import Corrector
from napari_jcc.pipeline import Run

GOOD = 92
LOSS = 5


def draw_on(corrector: Corrector, place: int, labelled: LabelledSet) -> list[float]:
    """J of an image before and after every stroke; all are taken back."""
    truth, left_out = labelled.masks[place], labelled.ignored[place]
    mask = corrector.result.images[place].mask
    found = [score(mask, truth, left_out)]
    while len(found) <= STROKES and found[0] < GOOD:
        stroke = draw_stroke(mask, truth, left_out)
        if stroke is None:
            break
        corrector.update(corrector.edits.paint(corrector.keys[place], *stroke))
        mask = corrector.answer(place).mask
        found.append(score(mask, truth, left_out))
    for _ in found[1:]:
        corrector.update(corrector.edits.undo())
    corrector.answer(place)
    return found


def score(mask: np.ndarray, truth: np.ndarray, left_out: np.ndarray) -> float:
    """J in percent."""
    return 100 * jaccard(mask[~left_out][None], truth[~left_out][None])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", required=True)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--set", action="append", default=[], metavar="section.field=value")
    options = parser.parse_args()
    config = apply_overrides(get_preset(options.preset), options.set)
    drawn: list[list[float]] = []
    for labelled in load_sets(options.root, options.sets.split(",")):
        collection = ImageCollection.from_files(labelled.images)
        corrector = Corrector(Run(collection, config).finish())
        rows = [draw_on(corrector, i, labelled) for i in range(len(labelled.images))]
        print_rows(labelled.name, rows)
        drawn += rows
    print_rows("all", drawn)


def print_rows(name: str, rows: list[list[float]]) -> None:
    print(f"\n| {name} | images | before | after | lost more than {LOSS} | largest loss |")
    print("|---|---|---|---|---|---|")
    for count in range(1, STROKES + 1):
        pairs = np.array([(row[0], row[count]) for row in rows if len(row) > count])
        if len(pairs):
            loss = pairs[:, 0] - pairs[:, 1]
            means = " | ".join(f"{mean:.1f}" for mean in pairs.mean(axis=0))
            lost = f"{(loss > LOSS).sum()} | {max(0.0, loss.max()):.0f}"
            name = "stroke" if count == 1 else "strokes"
            print(f"| {count} {name} | {len(pairs)} | {means} | {lost} |", flush=True)


if __name__ == "__main__":
    main()

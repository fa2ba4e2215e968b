"""Landmarks placed on a few images, carried to the rest, better after every correction.

    python benchmarks/landmarks.py --images DATA/wings

takes the first image drawn as the template, corrects more in the order drawn, and prints
the distance of predicted points from the truth on all images but those corrected in the
end, so that every row is about the same images: mean with its 95 % interval (images
resampled), median and 95 % quantile in pixels, and the mean in percent of the image width.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from napari_jcc.device import choose_device
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.evaluation.matching.metrics import point_errors
from napari_jcc.evaluation.matching.pairs import PairImage
from napari_jcc.features.encoders import load_encoder
from napari_jcc.matching.baselines import (
    EncoderDescriber,
    IdentityMatcher,
    MutualAffineMatcher,
    PairMatcher,
    RegistrationMatcher,
    Remembering,
    SiftDescriber,
)
from napari_jcc.matching.landmarks import (
    LandmarkTransfer,
    find_landmark_table,
    read_landmarks,
)


def read(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Images (H, W, 3) and true points (K, 2) by name."""
    shapes, _ = read_landmarks(find_landmark_table(folder), folder)
    points = {shape.image: shape.points for shape in sorted(shapes, key=lambda s: s.image)}
    return {name: PairImage(folder / name).image() for name in points}, points


def affine_of_truth(template: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Best affine map of a template's points, which no affine matcher can beat."""
    columns = np.column_stack([template, np.ones(len(template))])
    return columns @ np.linalg.lstsq(columns, truth, rcond=None)[0]


class Errors:
    """Errors (images, K) by method, in pixels, and confidences beside them."""

    def __init__(self) -> None:
        self.rows: dict[str, list[np.ndarray]] = {}
        self.sure: dict[str, list[np.ndarray]] = {}

    def add(self, name: str, points: np.ndarray, truth: np.ndarray) -> None:
        self.rows.setdefault(name, []).append(point_errors(points, truth))


def run_draw(
    images: dict[str, np.ndarray],
    truth: dict[str, np.ndarray],
    order: list[str],
    steps: list[int],
    matcher: PairMatcher,
    simple: list[PairMatcher],
    errors: Errors,
) -> None:
    placed, rest = order[: max(steps)], order[max(steps) :]
    first = order[0]
    for name in rest:
        for other in simple:
            match = other.match(images[name], images[first])
            errors.add(other.name, match.transfer(truth[first]), truth[name])
        errors.add(
            "affine of truth", affine_of_truth(truth[first], truth[name]), truth[name]
        )
    transfer = LandmarkTransfer(images, matcher)
    for count, name in enumerate(placed, 1):
        transfer.place(name, truth[name])
        if count not in steps:
            continue
        row = f"transfer from {count}"
        for other in rest:
            found = transfer.predict(other)
            errors.add(row, found.points, truth[other])
            errors.sure.setdefault(row, []).append(found.confidence)


def summarise(errors: Errors, width: int) -> dict[str, dict[str, float]]:
    table = {}
    for name, rows in errors.rows.items():
        values = np.array(rows)
        mean, low, high = bootstrap_mean([values.mean(axis=1)])
        table[name] = {
            "mean": mean,
            "low": low,
            "high": high,
            "median": float(np.median(values)),
            "95 %": float(np.quantile(values, 0.95)),
            "% of width": 100 * mean / width,
        }
        if name in errors.sure:
            order = np.argsort(np.array(errors.sure[name]).ravel())
            ranked = values.ravel()[order]
            table[name]["surer half"] = float(ranked[len(ranked) // 2 :].mean())
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder with its table")
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--steps", default="1,2,4,6", help="images placed")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="every n-th image only")
    parser.add_argument("--first", type=int, default=0, help="image to begin with")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    describer = Remembering(
        EncoderDescriber(
            load_encoder(options.encoder, choose_device("cpu"), 16), options.size
        )
        if options.encoder
        else SiftDescriber()
    )
    images, truth = read(options.images)
    names = list(images)[options.first :: options.every]
    rng = np.random.default_rng(options.seed)
    steps = [int(step) for step in options.steps.split(",")]
    matcher = RegistrationMatcher(describer)
    simple = [IdentityMatcher(), MutualAffineMatcher(describer), matcher]
    errors = Errors()
    start = time.perf_counter()
    for _ in range(options.draws):
        order = [str(name) for name in rng.permutation(names)]
        run_draw(images, truth, order, steps, matcher, simple, errors)
    table = summarise(errors, images[names[0]].shape[1])
    if options.json:
        print(json.dumps(table, indent=2))
        return
    print(
        f"{len(names)} images, {options.draws} draws, {time.perf_counter() - start:.0f} s"
    )
    print("| | mean, px (95 %) | median | 95 % | % of width | mean of the surer half |")
    print("|---|---|---|---|---|---|")
    for name, row in table.items():
        half = f"{row['surer half']:.2f}" if "surer half" in row else ""
        print(
            f"| {name} | {row['mean']:.2f} ({row['low']:.2f}-{row['high']:.2f}) | "
            f"{row['median']:.2f} | {row['95 %']:.2f} | {row['% of width']:.2f} | {half} |"
        )


if __name__ == "__main__":
    main()

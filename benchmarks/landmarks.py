"""Landmarks placed on a few images, carried to the rest, better after every correction.

    python benchmarks/landmarks.py --images DATA/wings
    python benchmarks/landmarks.py --pf-willow DATA/pf_willow --classes "car(S),duck(S)"

takes the first image drawn as the template, corrects more in the order drawn, and prints
the distance of predicted points from the truth on all images but those corrected in the
end, so that every row is about the same images: mean with its 95 % interval (images
resampled, each with the mean of its draws), median and 95 % quantile. A folder is measured
in pixels; PF-WILLOW, where every sub-class is a set, in percent of the longer side of the
box around the true points.

Rows differ in how many other images are asked (`matching.through`) where two differ much.
Against none of them stands the gain in the mean, by image, with its interval. What
confidences are worth is said by the mean over the half of the points that are surer, the
rank correlation of doubt and error, and the share of the worst tenth of all points that is
on the third of the images that would be listed first, those with the least sure points.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from napari_jcc.device import choose_device
from napari_jcc.evaluation.bootstrap import bootstrap_mean
from napari_jcc.evaluation.matching.metrics import longer_side, point_errors
from napari_jcc.evaluation.matching.pairs import PairImage
from napari_jcc.evaluation.matching.sets import open_matching_set
from napari_jcc.features.encoders import load_encoder
from napari_jcc.matching.baselines import (
    CachedDescriber,
    EncoderDescriber,
    IdentityMatcher,
    MutualAffineMatcher,
    PairMatch,
    PairMatcher,
    RegistrationMatcher,
    SiftDescriber,
)
from napari_jcc.matching.landmarks import (
    LandmarkTransfer,
    find_landmark_table,
    read_landmarks,
)


class ImageSet(NamedTuple):
    """Images (H, W, 3), true points (K, 2) and the length that counts as 1, by name."""

    images: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    units: dict[str, float]


class Once:
    """Matches every two images once; they are told apart by where they lie in memory."""

    def __init__(self, matcher: PairMatcher) -> None:
        self.name = matcher.name
        self._matcher = matcher
        self._known: dict[tuple[int, int], PairMatch] = {}

    def match(self, source: np.ndarray, target: np.ndarray) -> PairMatch:
        key = id(source), id(target)
        if key not in self._known:
            self._known[key] = self._matcher.match(source, target)
        return self._known[key]


class Row:
    """Errors (K,) image by image, draw after draw, and confidences beside them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.errors: list[np.ndarray] = []
        self.sure: list[np.ndarray] = []

    def add(self, name: str, errors: np.ndarray) -> None:
        self.names.append(name)
        self.errors.append(errors)

    def means(self) -> np.ndarray:
        """Mean error of every image over the draws."""
        found = defaultdict(list)
        for name, errors in zip(self.names, self.errors, strict=True):
            found[name].append(errors.mean())
        return np.array([np.mean(found[name]) for name in sorted(found)])


Rows = dict[tuple[str, str], Row]


def read_folder(folder: Path, part: slice) -> ImageSet:
    shapes, _ = read_landmarks(find_landmark_table(folder), folder)
    chosen = sorted(shapes, key=lambda shape: shape.image)[part]
    truth = {shape.image: shape.points for shape in chosen}
    images = {name: PairImage(folder / name).image() for name in truth}
    return ImageSet(images, truth, dict.fromkeys(truth, 1.0))


def read_willow(root: Path, category: str) -> ImageSet:
    pairs = [p for p in open_matching_set("pf_willow", root) if p.category == category]
    sides = {
        f"{category}/{side.path.name}": side
        for pair in pairs
        for side in (pair.source, pair.target)
    }
    truth = {name: sides[name].points for name in sorted(sides)}
    images = {name: sides[name].image() for name in truth}
    units = {name: longer_side(points) / 100 for name, points in truth.items()}
    return ImageSet(images, truth, units)


def affine_of_truth(template: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Best affine map of a template's points, which no affine matcher can beat."""
    columns = np.column_stack([template, np.ones(len(template))])
    return columns @ np.linalg.lstsq(columns, truth, rcond=None)[0]


def carry_simply(
    chosen: ImageSet, first: str, name: str, simple: list[PairMatcher]
) -> Iterator[tuple[str, np.ndarray]]:
    images, truth, _ = chosen
    for matcher in simple:
        match = matcher.match(images[name], images[first])
        yield matcher.name, match.transfer(truth[first])
    yield "affine of truth", affine_of_truth(truth[first], truth[name])


def run_draw(
    chosen: ImageSet,
    order: list[str],
    steps: list[int],
    counts: list[int],
    simple: list[PairMatcher],
    rows: Rows,
) -> None:
    """Fill the rows with one draw; the last of the simple matchers leads the transfer."""
    images, truth, units = chosen
    placed, rest = order[: max(steps)], order[max(steps) :]
    for name in rest:
        for method, points in carry_simply(chosen, order[0], name, simple):
            errors = point_errors(points, truth[name]) / units[name]
            rows[method, ""].add(name, errors)
    for through in counts:
        transfer = LandmarkTransfer(images, simple[-1], through)
        for count, name in enumerate(placed, 1):
            transfer.place(name, truth[name])
            if count not in steps:
                continue
            row = rows[f"transfer from {count}", str(through)]
            for other in rest:
                found = transfer.predict(other)
                errors = point_errors(found.points, truth[other]) / units[other]
                row.add(other, errors)
                row.sure.append(found.confidence)


def judge_confidence(row: Row) -> list[str]:
    """Mean of the surer half, rank correlation, worst points on the images listed first."""
    errors, sure = np.array(row.errors), np.array(row.sure)
    surer = np.argsort(sure.ravel())[sure.size // 2 :]
    worst = errors >= np.quantile(errors, 0.9)
    listed = np.argsort(sure.min(axis=1), kind="stable")[: len(sure) // 3]
    rank = spearmanr(-sure.ravel(), errors.ravel()).statistic
    share = worst[listed].sum() / worst.sum()
    return [f"{errors.ravel()[surer].mean():.2f}", f"{rank:.2f}", f"{100 * share:.0f} %"]


def write_table(rows: Rows) -> None:
    titles = "asked | mean (95 %) | gain (95 %) | median | 95 % | surer half | rank | worst"
    print(f"| | {titles} |\n|{'---|' * 9}")
    methods = list(dict.fromkeys(method for method, _ in rows))
    for (method, through), row in sorted(
        rows.items(), key=lambda r: methods.index(r[0][0])
    ):
        mean = "{:.2f} ({:.2f}-{:.2f})".format(*bootstrap_mean([row.means()]))
        gain = ""
        direct = rows.get((method, "0"))
        if direct is not None and through != "0":
            change = bootstrap_mean([direct.means() - row.means()])
            gain = "{:+.2f} ({:+.2f} to {:+.2f})".format(*change)
        middle, high = np.quantile(row.errors, [0.5, 0.95])
        judged = judge_confidence(row) if row.sure else [""] * 3
        cells = [method, through, mean, gain, f"{middle:.2f}", f"{high:.2f}", *judged]
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--images", type=Path, help="folder with its table")
    which.add_argument("--pf-willow", type=Path, help="folder of PF-WILLOW")
    parser.add_argument("--classes", default="car(S),motorbike(S),winebottle(woC)")
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--steps", default="1,2,4,6", help="images placed")
    parser.add_argument("--through", default="0,4", help="other images asked")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="every n-th image only")
    parser.add_argument("--first", type=int, default=0, help="image to begin with")
    options = parser.parse_args()
    describer = CachedDescriber(
        EncoderDescriber(
            load_encoder(options.encoder, choose_device("cpu"), 16), options.size
        )
        if options.encoder
        else SiftDescriber()
    )
    part = slice(options.first, None, options.every)
    sets = (
        [read_folder(options.images, part)]
        if options.images
        else [read_willow(options.pf_willow, name) for name in options.classes.split(",")]
    )
    steps, counts = (
        [int(count) for count in listed.split(",")]
        for listed in (options.steps, options.through)
    )
    matcher = Once(RegistrationMatcher(describer))
    simple = [IdentityMatcher(), MutualAffineMatcher(describer), matcher]
    rows: Rows = defaultdict(Row)
    start = time.perf_counter()
    for chosen in sets:
        rng = np.random.default_rng(options.seed)
        for _ in range(options.draws):
            order = [str(name) for name in rng.permutation(list(chosen.images))]
            run_draw(chosen, order, steps, counts, simple, rows)
    total = sum(len(chosen.images) for chosen in sets)
    print(f"{total} images, {options.draws} draws, {time.perf_counter() - start:.0f} s")
    write_table(rows)


if __name__ == "__main__":
    main()

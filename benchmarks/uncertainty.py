"""Whether images that the program is unsure of are in fact the worse ones.

    python benchmarks/uncertainty.py --root DATA

prints Markdown tables, first for the sets that the formula was chosen on, then for others:
Spearman's correlation of each measure of doubt with 1 - J over the images of a set, and in
brackets the mean J in percent of the third with least doubt and of that with most. Then of
every set, and of those after ``--more``, the mean J in percent and the median doubt.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sets import load_sets

from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.evaluation.metrics import jaccard
from napari_jcc.pipeline import Cache, Run
from napari_jcc.results.uncertainty import find_uncertainty

CHOSEN_ON = "msrc/cow,msrc/plane,pascal10/Cow"
OTHERS = "msrc/face,msrc/car,msrc/chair,wbc,pascal10/Horse,pascal10/Monitor"
MORE = ",".join(f"pascal10/{name}" for name in ("Aero", "Boat", "Car", "Cat"))
SINCE = ",".join(f"pascal10/{name}" for name in ("Bicycle", "Chair", "Person"))
NAMES = ("overall", "loss", "blur")


def measure(labelled, preset, overrides, cache):
    """J of every image, (N,), and its doubts by name, (N,) each."""
    config = apply_overrides(get_preset(preset), overrides)
    collection = ImageCollection.from_files(labelled.images)
    images = Run(collection, config, cache=cache).result().images
    overlaps = [
        jaccard(image.mask[~open_][None], truth[~open_][None])
        for image, truth, open_ in zip(
            images, labelled.masks, labelled.ignored, strict=True
        )
    ]
    doubts = [find_uncertainty(image) for image in images]
    columns = {name: np.array([getattr(d, name) for d in doubts]) for name in NAMES}
    return np.array(overlaps), columns


def compare(overlaps: np.ndarray, doubt: np.ndarray) -> tuple[float, float, float]:
    """Spearman's correlation with 1 - J; mean J of the surest and the least sure third."""
    order = np.argsort(doubt, kind="stable")
    third = max(1, len(order) // 3)
    correlation = spearmanr(doubt, 1 - overlaps).statistic
    surest, least = overlaps[order[:third]], overlaps[order[-third:]]
    return float(correlation), 100 * float(surest.mean()), 100 * float(least.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--chosen-on", default=CHOSEN_ON)
    parser.add_argument("--others", default=OTHERS)
    parser.add_argument("--more", default=f"{MORE},{SINCE}")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--set", action="append", default=[], metavar="section.field=value")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    cache = Cache(options.cache)
    whole: dict[str, tuple[float, float]] = {}
    for title, sets in (("chosen on", options.chosen_on), ("others", options.others)):
        rows: dict[str, list[tuple[float, float, float]]] = {}
        names = []
        for labelled in load_sets(options.root, sets.split(",")):
            overlaps, columns = measure(labelled, options.preset, options.set, cache)
            names.append(labelled.name)
            whole[labelled.name] = summarise(overlaps, columns)
            for name, doubt in columns.items():
                rows.setdefault(name, []).append(compare(overlaps, doubt))
            print(
                labelled.name, {n: round(r[-1][0], 2) for n, r in rows.items()}, flush=True
            )
        print_table(title, names, rows)
    for labelled in load_sets(options.root, options.more.split(",")):
        measured = measure(labelled, options.preset, options.set, cache)
        whole[labelled.name] = summarise(*measured)
    print("| set | J | median doubt |\n|---|---|---|")
    for name, (overlap, doubt) in sorted(whole.items(), key=lambda item: item[1][1]):
        print(f"| {name} | {overlap:.1f} | {doubt:.2f} |")


def summarise(overlaps, columns) -> tuple[float, float]:
    """Mean J in percent, and the median of the doubts, of a set."""
    return 100 * float(overlaps.mean()), float(np.median(columns["overall"]))


def print_table(title, names, rows) -> None:
    print(f"\n| {title} | " + " | ".join(names) + " | mean |")
    print("|---" * (len(names) + 2) + "|")
    for name, found in rows.items():
        means = tuple(np.mean(found, axis=0))
        cells = [f"{c:+.2f} ({s:.0f}, {least:.0f})" for c, s, least in [*found, means]]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print()


if __name__ == "__main__":
    main()

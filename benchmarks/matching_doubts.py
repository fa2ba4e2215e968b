"""How often images of another kind are found among those of a set, and false alarms.

    python benchmarks/matching_doubts.py --encoder FILE --kind COW1 COW2 ... --kind CAR1 ...

Matches all images of all kinds with each other, and asks of every kind alone which of its
images `napari-jcc match` would doubt (false alarms), and of every kind with one image of
another whether it doubts that one. `--checkpoint` asks a trained network instead.
"""

from __future__ import annotations

import argparse
import sys
from itertools import combinations
from pathlib import Path

from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides
from napari_jcc.matching.outputs import PairResult, match_collection, open_set_matcher
from napari_jcc.matching.outputs.result import doubtful_images


def among(pairs: list[PairResult], places: set[int]) -> list[PairResult]:
    """Pairs of a part of the images."""
    return [pair for pair in pairs if {pair.source, pair.target} <= places]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", nargs="+", action="append", type=Path, required=True)
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--checkpoint", type=Path, help="of napari-jcc train")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    changes = ["training.device=cpu", *options.set]
    if options.encoder:
        changes.append(f"network.encoder={options.encoder}")
    matcher = open_set_matcher(options.checkpoint, lambda c: apply_overrides(c, changes))
    files = [file for kind in options.kind for file in kind]
    images = ImageCollection.from_files(files)
    every = list(combinations(range(len(files)), 2))
    pairs = list(match_collection(matcher, images, every).pairs)
    starts = [sum(map(len, options.kind[:place])) for place in range(len(options.kind))]
    kinds = [
        set(range(start, start + len(kind)))
        for start, kind in zip(starts, options.kind, strict=True)
    ]
    alarms = [len(doubtful_images(among(pairs, kind))) for kind in kinds]
    found = [
        stranger in doubtful_images(among(pairs, kind | {stranger}))
        for kind in kinds
        for stranger in set(range(len(files))) - kind
    ]
    sys.stdout.write(
        f"{sum(alarms)} of {len(files)} images doubted among their own kind, "
        f"{sum(found)} of {len(found)} among another\n"
    )


if __name__ == "__main__":
    main()

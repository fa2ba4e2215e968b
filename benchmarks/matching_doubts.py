"""How often images of another kind are found among those of a set, and false alarms.

    python benchmarks/matching_doubts.py --encoder FILE --kind COW1 COW2 ... --kind CAR1 ...

Matches all images of all kinds with each other, and asks of every kind alone which of its
images `napari-jcc match` would doubt (false alarms), and of every kind with one image of
another whether it doubts that one: by direct matches, and by way of other images as well.
`--checkpoint` asks a trained network instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from remembered import Remembered

from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides
from napari_jcc.matching.outputs import SetMatcher
from napari_jcc.matching.outputs.consensus_matcher import ConsensusMatcher
from napari_jcc.matching.outputs.result import doubtful_images
from napari_jcc.matching.outputs.set_matcher import open_direct_matcher
from napari_jcc.progress import Progress


def count_doubts(
    matcher: SetMatcher, images: ImageCollection, kinds: Sequence[set[int]]
) -> tuple[int, list[bool]]:
    """Images doubted among their own kind; and whether each is among another."""

    def doubted(places: set[int]) -> list[int]:
        pairs = list(combinations(sorted(places), 2))
        return doubtful_images(list(matcher.match(images, pairs, Progress())))

    alarms = sum(len(doubted(kind)) for kind in kinds)
    found = [
        stranger in doubted(kind | {stranger})
        for kind in kinds
        for stranger in set(range(len(images))) - kind
    ]
    return alarms, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", nargs="+", action="append", type=Path, required=True)
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--checkpoint", type=Path, help="of napari-jcc train")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--through", type=int, default=4, help="other images asked")
    options = parser.parse_args()
    changes = ["training.device=cpu", *options.set]
    if options.encoder:
        changes.append(f"network.encoder={options.encoder}")
    changes.append("matching.through=0")
    direct = open_direct_matcher(options.checkpoint, lambda c: apply_overrides(c, changes))
    files = [file for kind in options.kind for file in kind]
    images = ImageCollection.from_files(files)
    starts = [sum(map(len, options.kind[:place])) for place in range(len(options.kind))]
    kinds = [
        set(range(start, start + len(kind)))
        for start, kind in zip(starts, options.kind, strict=True)
    ]
    remembered = Remembered(direct, images)
    for count in (0, options.through):
        remembered.ask(count)
        alarms, found = count_doubts(ConsensusMatcher(remembered), images, kinds)
        sys.stdout.write(
            f"by way of {count} others: {alarms} of {len(files)} images doubted among "
            f"their own kind, {sum(found)} of {len(found)} among another\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()

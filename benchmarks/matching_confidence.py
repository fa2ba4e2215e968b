"""Whether the confidence tells right matches from wrong ones, and turned images are named.

    python benchmarks/matching_confidence.py --root DATA --set wings --images 16 \
        --turn mirror,180,90

matches all images of every sub-class with each other, by way of others. Before, of every
ten images the third, sixth and ninth are mirrored or turned as `--turn` says in turn.
Prints which of them are named as odd, which were turned back (`--change
matching.facing=any`), and how well confidence ranks: the area under the ROC
of right points, and the rank correlation of pairs with their share of right points; by the
agreement of the paths alone, and as it is. A point is right within `--alpha` of width and
height.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from scipy.stats import rankdata, spearmanr

from matching import open_set
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.turns import AS_IS, MIRRORED, Turn
from napari_jcc.config import apply_overrides
from napari_jcc.matching.odd_images import odd_images
from napari_jcc.matching.outputs import PairResult, open_set_matcher
from napari_jcc.matching.turned_pair import list_turns
from napari_jcc.progress import Progress

TURNED = (2, 5, 8)


WAYS = {"mirror": MIRRORED, "180": Turn(False, 2), "90": Turn(False, 1)}


def read_images(root: Path, name: str) -> dict[str, dict[Path, np.ndarray]]:
    """Points of every image by sub-class."""
    known: dict[str, dict[Path, np.ndarray]] = {}
    for pair in open_set(root, name):
        for side in (pair.source, pair.target):
            known.setdefault(pair.category, {})[side.path] = side.points
    return known


def judge(pair: PairResult, source: np.ndarray, target: np.ndarray, alpha: float):
    """Which points are right, and confidences of points and pair: by paths alone, all."""
    errors = (pair.to_source(target) - source) / pair.sizes[0][::-1]
    right = np.hypot(*errors.T) <= alpha
    points, likely = pair.confidence_at(target), max(pair.agreement, 1e-12)
    by_paths = pair.confidence**2 / max(pair.inlier_share, 1e-12) / likely
    return right, (points**2 / likely, points), (by_paths, pair.confidence)


def area_under_roc(values: np.ndarray, right: np.ndarray) -> float:
    ranks, count = rankdata(values), right.sum()
    wins = ranks[right].sum() - count * (count + 1) / 2
    return float(wins / (count * (len(right) - count)))


def match_classes(options: argparse.Namespace, folder: Path) -> Iterator[tuple]:
    """By sub-class: matched pairs, the points of its images, places of those turned."""
    changes = ["training.device=cpu", *options.change]
    if options.encoder:
        changes.append(f"network.encoder={options.encoder}")
    matcher = open_set_matcher(options.checkpoint, lambda c: apply_overrides(c, changes))
    ways = options.turn.split(",") if options.turn else []
    for name, points in sorted(read_images(options.root, options.set).items()):
        if options.classes and name not in options.classes.split(","):
            continue
        (folder / name).mkdir()
        truth, turned = [], {}
        for place, path in enumerate(sorted(points)[: options.images]):
            image, found = np.asarray(Image.open(path).convert("RGB")), points[path]
            if ways and place % 10 in TURNED:
                turn = WAYS[ways[TURNED.index(place % 10) % len(ways)]]
                found = turn.carry(found, image.shape[:2])
                image, turned[place] = turn.apply(image), turn
            Image.fromarray(np.ascontiguousarray(image)).save(
                folder / name / f"{place:03}.png"
            )
            truth.append(found)
        images = ImageCollection.from_folder(folder / name)
        every = list(combinations(range(len(truth)), 2))
        yield name, list(matcher.match(images, every, Progress())), truth, turned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--set", default="pf_willow")
    parser.add_argument("--change", action="append", default=[], help="settings")
    parser.add_argument("--classes", default="", help="sub-classes, empty: all")
    parser.add_argument("--images", type=int, default=1000, help="of a sub-class, at most")
    parser.add_argument("--turn", default="", help="of mirror, 180, 90; empty: none")
    parser.add_argument("--alpha", type=float, default=0.1)
    parser.add_argument("--encoder", default="", help="empty: gradients, no weights")
    parser.add_argument("--checkpoint", type=Path, help="of napari-jcc train")
    options = parser.parse_args()
    judged = []
    with TemporaryDirectory() as folder:
        for name, pairs, truth, turned in match_classes(options, Path(folder)):
            for pair in pairs:
                both = truth[pair.source], truth[pair.target]
                judged.append(judge(pair, *both, options.alpha))
            odd, known = set(odd_images(pairs)), turned.keys()
            by_place = {str(place): place for place in range(len(truth))}
            found = list_turns(list(by_place), pairs)
            right = [found[str(place)] == turn.inverse for place, turn in turned.items()]
            others = [found[name] for name, place in by_place.items() if place not in known]
            wrong = [turn != AS_IS for turn in others]
            sys.stdout.write(
                f"{name}: named {len(odd & known)} of {len(turned)} turned images and "
                f"{len(odd - known)} of {len(truth) - len(turned)} others; turned back "
                f"{sum(right)}, and others {sum(wrong)}\n"
            )
            sys.stdout.flush()
    right, points, pairs = zip(*judged, strict=True)
    every, share = np.concatenate(right), [values.mean() for values in right]
    sys.stdout.write(f"{len(judged)} pairs, {every.mean():.1%} of points right\n")
    for place, name in enumerate(("paths alone", "confidence")):
        area = area_under_roc(np.concatenate([p[place] for p in points]), every)
        rank = spearmanr([p[place] for p in pairs], share)[0]
        sys.stdout.write(f"{name}: points {area:.3f}, pairs {rank:.3f}\n")


if __name__ == "__main__":
    main()

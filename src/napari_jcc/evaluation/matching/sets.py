"""Matching sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations
from pathlib import Path
from types import MappingProxyType

from napari_jcc._types import FloatArray
from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.layout import require
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairImage, PairSet
from napari_jcc.evaluation.matching.proposal_flow import open_pf_pascal, open_pf_willow
from napari_jcc.evaluation.matching.spair import open_spair
from napari_jcc.evaluation.matching.tss import open_tss
from napari_jcc.matching.landmarks import find_landmark_table, read_landmarks

Key = tuple[str, str]


def open_landmark_folder(root: Path, name: str = "landmarks") -> PairSet:
    """Open a folder of images with one table of landmarks.

    The table is ``landmarks.tps`` or ``landmarks.csv``, or the only ``.tps`` or ``.csv``
    there. Every ordered pair of images is a pair. Images that the table lists without
    points, or that the folder does not hold, are left out, and listed in
    `PairSet.left_out`. All are one sub-class, called like the set.

    Raises
    ------
    InputError
        If there is no table, or it is damaged, or fewer than two of its images are there,
        or they differ in the number of points.
    """
    table = find_landmark_table(require(root, "folder of images"))
    shapes, left_out = read_landmarks(table, root)
    left_out += [shape.image for shape in shapes if not len(shape.points)]
    points: dict[str, FloatArray] = {s.image: s.points for s in shapes if len(s.points)}
    if len(points) < 2:
        raise InputError(
            f"Of the {len(points) + len(left_out)} images in {table}, {len(points)} have "
            f"points and are in {root}; at least two are needed. Put images and table into "
            "one folder."
        )
    counts = {len(shape) for shape in points.values()}
    if len(counts) > 1:
        raise InputError(
            f"Images in {table} have {min(counts)} to {max(counts)} points; give the same "
            "points in all."
        )

    def read(key: Key) -> MatchingPair:
        source, target = (PairImage(root / image, points[image]) for image in key)
        return MatchingPair("|".join(key), name, source, target)

    keys = tuple(permutations(sorted(points), 2))
    return PairSet(name, ("landmarks", "landmarks-224"), keys, read, tuple(left_out))


MATCHING_SETS: Mapping[str, Callable[[Path], PairSet]] = MappingProxyType(
    {
        "pf_willow": open_pf_willow,
        "pf_pascal": open_pf_pascal,
        "spair": open_spair,
        "tss": open_tss,
        "landmarks": open_landmark_folder,
    }
)


def open_matching_set(kind: str, root: Path) -> PairSet:
    """Open the set of a kind in `MATCHING_SETS` that lies in the folder `root`.

    Raises
    ------
    InputError
        If there is no such kind, or `root` does not hold such a set.
    """
    if kind not in MATCHING_SETS:
        raise InputError(
            f"There is no kind of matching set {kind!r}; choose {', '.join(MATCHING_SETS)}."
        )
    return MATCHING_SETS[kind](root)

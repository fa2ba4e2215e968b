"""PF-WILLOW and PF-PASCAL: a list of pairs, and key points in it or in MATLAB files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.layout import (
    find_listed,
    parse_points,
    read_mat,
    read_rows,
)
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairImage, PairSet

COORDINATES = ("XA", "YA", "XB", "YB")
PASCAL_CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)

Row = dict[str, str]


def open_pf_willow(root: Path) -> PairSet:
    """Open PF-WILLOW.

    ``test_pairs.csv`` has the columns ``source_image,target_image,class`` and, as a rule,
    ``XA,YA,XB,YB`` with the ten points of both; without them the points are those of the
    ``.mat`` file (``pts_coord``, x in the first row) beside each image. Images lie in a
    folder per sub-class, which names it.

    Raises
    ------
    InputError
        If the list is missing or not as described; when a pair is read, if a part of it
        is missing.

    References
    ----------
    B. Ham, M. Cho, C. Schmid, J. Ponce, "Proposal flow", CVPR 2016.
    """
    rows = read_rows(root / "test_pairs.csv", ("source_image", "target_image"))

    def read(row: Row) -> MatchingPair:
        paths = [find_listed(root, row[f"{side}_image"]) for side in ("source", "target")]
        points = _listed_points(row) or [_willow_points(path) for path in paths]
        return _pair(row, paths[0].parent.name, paths, points)

    return PairSet("pf_willow", ("willow-224", "willow-box"), tuple(rows), read)


def open_pf_pascal(root: Path, split: str = "test") -> PairSet:
    """Open PF-PASCAL.

    The list is ``<split>_pairs_pf_pascal.csv``, ``bbox_<split>_pairs_pf_pascal.csv`` or
    ``<split>_pairs.csv`` with the columns ``source_image,target_image,class`` (1 to 20)
    and perhaps ``XA,YA,XB,YB``; without them the points are those that the files
    ``Annotations/<class>/<image>.mat`` (``kps``, NaN where unseen) of both images have.
    Images are named relative to the folder above ``PF-dataset-PASCAL``.

    Raises
    ------
    InputError
        As `open_pf_willow`.

    References
    ----------
    B. Ham, M. Cho, C. Schmid, J. Ponce, "Proposal flow: semantic correspondences from
    object proposals", TPAMI 2018.
    """
    places = [
        folder / f"{name}.csv"
        for folder in (root, root / "PF-dataset-PASCAL")
        for name in (
            f"{split}_pairs_pf_pascal",
            f"bbox_{split}_pairs_pf_pascal",
            f"{split}_pairs",
        )
    ]
    found = next((place for place in places if place.is_file()), places[0])
    rows = read_rows(found, ("source_image", "target_image", "class"))
    if not any("PF-dataset-PASCAL" in row["source_image"] for row in rows):
        raise InputError(
            f"{found} is no list of PF-PASCAL: its images, such as "
            f"{rows[0]['source_image'] if rows else 'none'}, are not in PF-dataset-PASCAL. "
            "Name the folder above PF-dataset-PASCAL, or choose another set."
        )

    def read(row: Row) -> MatchingPair:
        category = _pascal_class(row["class"])
        paths = [find_listed(root, row[f"{side}_image"]) for side in ("source", "target")]
        points = _listed_points(row) or _pascal_points(paths, category)
        return _pair(row, category, paths, points)

    return PairSet("pf_pascal", ("pascal-224",), tuple(rows), read)


def _pair(
    row: Row, category: str, paths: list[Path], points: list[FloatArray]
) -> MatchingPair:
    if len(points[0]) != len(points[1]):
        raise InputError(
            f"{row['source_image']} has {len(points[0])} points but {row['target_image']} "
            f"{len(points[1])}; points correspond by their order."
        )
    name = f"{row['source_image']}|{row['target_image']}"
    source, target = (PairImage(*side) for side in zip(paths, points, strict=True))
    return MatchingPair(name, category, source, target)


def _listed_points(row: Row) -> list[FloatArray]:
    if not all(row.get(column) for column in COORDINATES):
        return []
    name = row["source_image"]
    return [parse_points(row[f"X{side}"], row[f"Y{side}"], name) for side in "AB"]


def _willow_points(path: Path) -> FloatArray:
    return read_mat(path.with_suffix(".mat"), "pts_coord").T


def _pascal_points(paths: list[Path], category: str) -> list[FloatArray]:
    """Points that both images show."""
    files = [
        path.parent.parent / "Annotations" / category / f"{path.stem}.mat" for path in paths
    ]
    both = [read_mat(file, "kps").reshape(-1, 2) for file in files]
    if len(both[0]) != len(both[1]):
        raise InputError(
            f"{files[0]} has {len(both[0])} points but {files[1]} {len(both[1])}; points "
            "correspond by their order."
        )
    seen = np.isfinite(np.concatenate(both, axis=1)).all(axis=1)
    return [points[seen] for points in both]


def _pascal_class(text: str) -> str:
    """Name of a class from its name or its number, counted from 1."""
    if text in PASCAL_CLASSES:
        return text
    try:
        number = int(float(text))
    except ValueError:
        number = 0
    if not 1 <= number <= len(PASCAL_CLASSES):
        raise InputError(
            f"There is no class {text!r} in PASCAL VOC; classes are 1 to "
            f"{len(PASCAL_CLASSES)} or their names."
        )
    return PASCAL_CLASSES[number - 1]

"""Tables of landmarks: CSV files, and whichever format a folder has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from napari_jcc.atomic import explained, replacing
from napari_jcc.collection.reading import probe_file
from napari_jcc.errors import InputError
from napari_jcc.matching.landmarks.shapes import Landmarks
from napari_jcc.matching.landmarks.tps_file import read_tps, turn_over
from napari_jcc.tables import encode_csv, format_csv, read_table

COLUMNS = ("image", "point", "x", "y", "confidence")
NAMES = ("landmarks.tps", "landmarks.csv")
KINDS = (".tps", ".csv")
_MISSING = ("", "NA")
"""Stand for a number that is not there; R writes the second."""


def read_csv(path: Path) -> list[Landmarks]:
    """Read landmarks from a CSV with the columns ``image,point,x,y``, y from the top.

    Points of an image are ordered by ``point``, whole numbers without a gap; without that
    column they stay in the order of the lines. Empty x and y, or NA, stand for a missing
    point. Points without ``confidence`` were placed, and are NaN there where others of the
    image were found.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, holds something else than numbers, or
        numbers points twice or with a gap.
    """
    try:
        table = read_table(path)
    except InputError as error:
        raise InputError(
            f"Cannot read the landmarks {path}: {error}. Name a CSV or TPS file."
        ) from error
    missing = [name for name in ("image", "x", "y") if name not in table.titles]
    if missing:
        raise InputError(
            f"{path} lacks the columns {', '.join(missing)}; it has "
            f"{', '.join(table.titles) or 'none'}. Landmarks are a CSV with "
            "image,point,x,y."
        )
    rows: dict[str, list[tuple[int, float, float, float]]] = {}
    for number, row in table.rows:
        try:
            known = rows.setdefault(row["image"], [])
            order = _whole(row["point"]) if "point" in row else len(known) + 1
            values = [_number(row.get(key, "")) for key in ("x", "y", "confidence")]
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}.") from error
        if order in (point[0] for point in known):
            raise InputError(
                f"{path}, line {number}: {row['image']} has a point {order} already. "
                "Number the points of an image from 1 on."
            )
        known.append((order, values[0], values[1], values[2]))
    if not rows:
        raise InputError(f"{path} holds no landmarks; add lines image,point,x,y.")
    _require_numbers(path, {k: [row[0] for row in found] for k, found in rows.items()})
    return [_shape(image, sorted(points)) for image, points in rows.items()]


def write_csv(path: Path, shapes: Iterable[Landmarks]) -> None:
    """Write landmarks as CSV, in one step; points count from 1, y from the top.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    rows: list[Sequence[Any]] = [COLUMNS]
    for shape in shapes:
        sure = [None] * len(shape.points) if shape.confidence is None else shape.confidence
        for number, ((x, y), share) in enumerate(zip(shape.points, sure, strict=True), 1):
            place = ("", "") if np.isnan(x + y) else (f"{x:.5f}", f"{y:.5f}")
            # Single points of an image that were placed have no confidence either.
            said = "" if share is None or np.isnan(share) else f"{share:.4f}"
            rows.append((shape.image, number, *place, said))
    with explained(path, "landmarks"), replacing(path) as file:
        file.write(encode_csv(format_csv(rows)))


def find_landmark_table(folder: Path) -> Path:
    """Find the table in a folder: ``landmarks.tps``, ``landmarks.csv``, or the only one.

    Raises
    ------
    InputError
        If there is none, or several and none has one of these names.
    """
    for name in NAMES:
        if (folder / name).is_file():
            return folder / name
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in KINDS)
    if len(found) != 1:
        names = " or ".join(NAMES)
        raise InputError(
            f"{folder} holds {len(found)} tables of landmarks (.tps, .csv), none called "
            f"{names}. Call the one to use so."
            if found
            else f"{folder} holds no table of landmarks. Add one called {names}."
        )
    return found[0]


def read_landmarks(path: Path, folder: Path) -> tuple[list[Landmarks], list[str]]:
    """Read a TPS or CSV table of the images in `folder`, y from the top.

    Returns
    -------
    shapes
        Landmarks of the images that are there.
    absent
        Names that the table lists and the folder does not hold.

    Raises
    ------
    InputError
        If the table cannot be read, or an image is damaged.
    """
    is_tps = path.suffix.lower() == ".tps"
    listed = [_find(s, folder) for s in read_tps(path)] if is_tps else read_csv(path)
    here = [shape for shape in listed if (folder / shape.image).is_file()]
    absent = [s.image for s in listed if not (folder / s.image).is_file()]
    return ([_turned(shape, folder) for shape in here] if is_tps else here), absent


def _number(cell: str) -> float:
    """Read a number, NaN for a missing one."""
    try:
        return math.nan if cell.strip() in _MISSING else float(cell)
    except ValueError as error:
        raise ValueError(f"{cell!r} is not a number") from error


def _whole(cell: str) -> int:
    """Read the number of a point, which other programs may write as 1.0."""
    value = _number(cell)
    if not value.is_integer():
        raise ValueError(f"the point is {cell!r}, which is not a whole number")
    return int(value)


def _require_numbers(path: Path, numbers: Mapping[str, Sequence[int]]) -> None:
    """Refuse gaps, behind which a point would pass for the one before it."""
    first = 0 if any(0 in found for found in numbers.values()) else 1
    for image, found in numbers.items():
        gaps = set(range(first, first + len(found))) - set(found)
        if gaps:
            raise InputError(
                f"{path}: {image} has {len(found)} points, but none of them is {min(gaps)}."
                f" Number them from {first} on, and leave x and y of a missing one empty."
            )


def _find(shape: Landmarks, folder: Path) -> Landmarks:
    """Name the image as `folder` has it, where the file says another folder."""
    there = (folder / shape.image).is_file()
    return shape if there else replace(shape, image=PurePath(shape.image).name)


def _turned(shape: Landmarks, folder: Path) -> Landmarks:
    try:
        height = probe_file(folder / shape.image)[0].shape[0]
    except InputError as error:
        raise InputError(f"Cannot read {folder / shape.image}: {error}.") from error
    points = turn_over(shape.points, height)
    return replace(shape, points=points)


def _shape(image: str, rows: list[tuple[int, float, float, float]]) -> Landmarks:
    values = np.array([row[1:] for row in rows], dtype=np.float64)
    sure = None if np.isnan(values[:, 2]).all() else values[:, 2]
    return Landmarks(image, values[:, :2], sure)

"""TPS files of tpsDig: landmarks of many images in one text file, y from the bottom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PureWindowsPath

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.atomic import explained, replacing
from napari_jcc.errors import InputError
from napari_jcc.matching.landmarks.shapes import Landmarks
from napari_jcc.tables import as_written
from napari_jcc.words import list_some

MISSING = (-1.0, -1.0)
"""Stands for a point that an image does not show."""
KNOWN = ("IMAGE", "ID", "SCALE")
"""Entries of an image, besides its landmarks, that are read."""


def read_tps(path: Path) -> list[Landmarks]:
    """Read a TPS file as it stands: y counts from the bottom of the image.

    ``LM=``, ``IMAGE=``, ``ID=`` and ``SCALE=`` are read; curves and other entries are kept
    as they stand. A point at -1, -1 is missing and becomes NaN. Of a whole path, as on
    somebody's machine, the name of the file is taken.

    Raises
    ------
    InputError
        If the file cannot be read, ends within an image, holds something else than
        numbers, landmarks in space, or an image without a name or for the second time.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise InputError(
            f"Cannot read the landmarks {path}: {reason}. Name a CSV or TPS file."
        ) from error
    numbered = iter([(n, line.strip()) for n, line in enumerate(lines, 1) if line.strip()])
    shapes = [_shape(path, entry) for entry in _entries(path, numbered)]
    if not shapes:
        raise InputError(f"{path} holds no landmarks: no line begins with LM=.")
    twice = [name for name, n in Counter(s.image for s in shapes).items() if n > 1]
    if twice:
        raise InputError(
            f"{path} lists {list_some(twice)} more than once. Keep one entry of each image."
        )
    return shapes


def write_tps(path: Path, shapes: Iterable[Landmarks], heights: Mapping[str, int]) -> None:
    """Write a TPS file, in one step.

    Images without an ID get the first numbers from 0 that no other has.

    Parameters
    ----------
    path
        The file; replaced if it is there.
    shapes
        Landmarks, y from the top; they are turned to y from the bottom.
    heights
        Height in pixels of every image, by its name.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    shapes = list(shapes)
    own = {shape.identity for shape in shapes}
    free = (str(number) for number in count() if str(number) not in own)
    blocks = [
        _block(shape, heights[shape.image], shape.identity or next(free))
        for shape in shapes
    ]
    with explained(path, "landmarks"), replacing(path) as file:
        file.write(as_written("".join(blocks)).encode())


def turn_over(points: FloatArray, height: int) -> FloatArray:
    """Exchange y from the bottom and y from the top, for an image of `height` pixels."""
    return np.column_stack([points[:, 0], height - points[:, 1]])


def _block(shape: Landmarks, height: int, identity: str) -> str:
    points = turn_over(shape.points, height)
    points[np.isnan(points).any(axis=1)] = MISSING
    lines = [f"LM={len(points)}", *(f"{x:.5f} {y:.5f}" for x, y in points)]
    lines += [*shape.others, f"IMAGE={shape.image}", f"ID={identity}"]
    if shape.scale is not None:
        lines.append(f"SCALE={shape.scale:.10g}")
    return "\n".join(lines) + "\n"


@dataclass
class _Entry:
    """What a file says of one image."""

    points: FloatArray
    said: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def _entries(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[_Entry]:
    """Read image after image."""
    entry: _Entry | None = None
    for number, line in lines:
        key, equals, value = (part.strip() for part in line.partition("="))
        key = key.upper()
        if not equals:
            raise _error(path, number, f"{line!r} is neither an entry nor a point")
        if key == "LM3":
            raise _error(path, number, "landmarks in space cannot be used; give LM=")
        if key == "LM":
            if entry is not None:
                yield entry
            entry = _Entry(_read_points(path, number, value, lines)[0])
        elif key == "POINTS":
            curve = [line, *_read_points(path, number, value, lines)[1]]
            if entry is not None:
                entry.others += curve
        elif entry is not None and key in KNOWN:
            entry.said[key] = value
        elif entry is not None:
            entry.others.append(line)
    if entry is not None:
        yield entry


def _read_points(
    path: Path, number: int, count: str, lines: Iterator[tuple[int, str]]
) -> tuple[FloatArray, list[str]]:
    """Read points (K, 2), NaN for missing ones, and their lines as they stand."""
    if not count.isdigit():
        raise _error(path, number, f"{count!r} is not a number of points")
    rows, read = [], []
    for _ in range(int(count)):
        number, line = next(lines, (number, "the end of the file"))
        try:
            x, y = (float(value) for value in line.replace(",", ".").split())
        except ValueError as error:
            raise _error(path, number, f"expected a point, found {line!r}") from error
        rows.append((x, y))
        read.append(line)
    points = np.array(rows, dtype=np.float64).reshape(-1, 2)
    points[(points == MISSING).all(axis=1)] = np.nan
    return points, read


def _shape(path: Path, entry: _Entry) -> Landmarks:
    said = entry.said
    image = said.get("IMAGE", "")
    if not image:
        raise InputError(
            f"{path} has landmarks without a line IMAGE=; add the name of their image."
        )
    file = PureWindowsPath(image)  # which knows both slashes
    name = file.name if file.anchor else file.as_posix()
    try:
        scale = float(said["SCALE"].replace(",", ".")) if "SCALE" in said else None
    except ValueError as error:
        raise InputError(f"{path}: SCALE={said['SCALE']} is not a number.") from error
    others = tuple(entry.others)
    return Landmarks(name, entry.points, None, said.get("ID", ""), scale, others)


def _error(path: Path, number: int, what: str) -> InputError:
    return InputError(f"{path}, line {number}: {what}. Save it again with tpsDig.")

"""What the published layouts of matching sets have in common."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from napari_jcc._types import FloatArray
from napari_jcc.errors import InputError


def require(path: Path, what: str) -> Path:
    """Return `path`, or say what is missing there."""
    if not path.exists():
        raise InputError(f"There is no {what} at {path}. Give the folder of the set.")
    return path


def read_rows(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Read a CSV with a header.

    Raises
    ------
    InputError
        If the file is missing or empty, or lacks one of `columns`.
    """
    with require(path, "list of pairs").open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        found = reader.fieldnames or []
    missing = [name for name in columns if name not in found]
    if missing or not rows:
        lack = f"lacks the columns {', '.join(missing)}" if missing else "has no rows"
        raise InputError(
            f"The list {path} {lack}; its columns are {', '.join(found) or 'none'}. Give "
            "the list that is published with the set."
        )
    return rows


def find_listed(root: Path, listed: str) -> Path:
    """Find a file that a list names relative to a folder whose name may have changed.

    Raises
    ------
    InputError
        If it is neither at ``root/listed`` nor, below another first folder, in `root`.
    """
    tail = Path(listed).parts[1:]
    places = [root / listed]
    if tail:
        places += [folder.joinpath(*tail) for folder in sorted(root.glob("*/"))]
    for place in places:
        if place.is_file():
            return place
    raise InputError(
        f"The list of pairs names {listed}, which is not below {root}. Complete the set, "
        "or take the line out of the list."
    )


def parse_points(x: str, y: str, where: str) -> FloatArray:
    """Points (K, 2) from two strings of numbers with semicolons between.

    Raises
    ------
    InputError
        If they are no numbers, or differ in number.
    """
    try:
        columns = [[float(value) for value in text.split(";")] for text in (x, y)]
    except ValueError as error:
        raise InputError(f"Coordinates of {where} are no numbers: {error}.") from error
    if len(columns[0]) != len(columns[1]):
        raise InputError(
            f"{where} has {len(columns[0])} x and {len(columns[1])} y coordinates; give "
            "as many of each."
        )
    return np.array(columns, dtype=np.float64).T


def read_mat(path: Path, field: str) -> FloatArray:
    """One numeric array of a MATLAB file.

    Raises
    ------
    InputError
        If the file is missing or damaged, or has no such array.
    """
    try:
        content: dict[str, Any] = loadmat(require(path, "annotation"))
    except (MatReadError, ValueError, TypeError, OSError) as error:
        raise InputError(f"Cannot read {path}: {error}. Fetch it again.") from error
    if field not in content:
        names = [name for name in content if not name.startswith("__")]
        raise InputError(f"{path} holds {', '.join(names) or 'nothing'}, but no {field}.")
    return np.asarray(content[field], dtype=np.float64)

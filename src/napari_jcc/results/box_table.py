"""Boxes of several images as a table: written, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from napari_jcc._types import Float32Array
from napari_jcc.errors import InputError
from napari_jcc.results.result import ImageResult
from napari_jcc.tables import format_csv, read_table

_IMAGE, _SCORE = "image", "score"
_SIDES = ("x_min", "y_min", "x_max", "y_max")


def format_boxes(images: Iterable[ImageResult]) -> str:
    """Write boxes as CSV text, a line per object; an image without one has empty fields.

    Scores have four digits; further ones depend on the number of threads.
    """
    rows: list[Sequence[str]] = [(_IMAGE, *_SIDES, _SCORE)]
    for image in images:
        if not len(image.boxes):
            rows.append([image.name, *[""] * 5])
        for box, score in zip(image.boxes, image.scores, strict=True):
            rows.append([image.name, *(f"{side:.2f}" for side in box), f"{score:.4f}"])
    return format_csv(rows)


def read_scored_boxes(path: Path) -> dict[str, tuple[Float32Array, Float32Array]]:
    """Read a table of boxes.

    Parameters
    ----------
    path
        CSV with the columns ``image,x_min,y_min,x_max,y_max`` and perhaps ``score``;
        others are ignored. Several rows may name one image. A row without numbers says
        that the image has no box.

    Returns
    -------
    boxes
        By name of the image (K, 4), half-open in pixels, and their scores (K,), 0 where
        the table tells none.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing or a value is not a number; the
        message names file and line.
    """
    try:
        table = read_table(path)
    except InputError as error:
        raise InputError(
            f"Cannot read the boxes in {path}: {error}. Give a CSV with the columns "
            f"image,{','.join(_SIDES)}."
        ) from error
    _check_columns(path, table.titles)
    found: dict[str, list[list[float]]] = {}
    for line, row in table.rows:
        rows = found.setdefault(row[_IMAGE], [])
        if any(row[side].strip() for side in _SIDES):
            rows.append(_parse_row(path, line, row))
    tables = {n: np.array(rows, np.float32).reshape(-1, 5) for n, rows in found.items()}
    return {name: (table[:, :4], table[:, 4]) for name, table in tables.items()}


def _check_columns(path: Path, names: Sequence[str]) -> None:
    if missing := [name for name in (_IMAGE, *_SIDES) if name not in names]:
        raise InputError(
            f"{path} has no column {', '.join(missing)}; it has "
            f"{', '.join(names) or 'none'}. Its first line must be "
            f"image,{','.join(_SIDES)}."
        )


def _parse_row(path: Path, line: int, row: Mapping[str, str]) -> list[float]:
    try:
        return [*(float(row[side]) for side in _SIDES), float(row.get(_SCORE) or 0)]
    except ValueError as error:
        raise InputError(
            f"{path}, line {line}: {dict(row)} does not hold four numbers "
            "x_min,y_min,x_max,y_max. Correct the line or leave all four empty."
        ) from error

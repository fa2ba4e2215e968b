"""Objects as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_jcc.results.exports.objects import ExportSet, find_objects
from napari_jcc.results.uncertainty import overall_uncertainty
from napari_jcc.tables import encode_csv, format_csv

COLUMNS = (
    "image",
    "file",
    "width",
    "height",
    "object",
    "x_min",
    "y_min",
    "x_max",
    "y_max",
    "score",
    "area",
    "area_share",
    "uncertainty",
    "status",
    "warning",
)


def write_csv(exported: ExportSet, file: Path) -> None:
    """Write one row per object; an image without object has one with empty fields.

    Boxes and areas are in pixels; boxes are half-open, x to the right and y down. The
    uncertainty is that of the image, not of the object; empty where it is not known.
    """
    lines: list[Sequence[Any]] = [COLUMNS]
    for image, place in zip(exported.images, exported.files, strict=True):
        rows, columns = image.mask.shape
        known = [image.name, place, columns, rows]
        status = exported.statuses.get(image.name, "")
        doubt = overall_uncertainty(image)
        told = ["" if doubt is None else f"{doubt:.4f}", status, image.warning]
        found = [
            [
                item.number,
                *(f"{side:.2f}" for side in item.box),
                f"{item.score:.4f}",
                int(item.mask.sum()),
                f"{item.mask.sum() / (rows * columns):.6f}",
            ]
            for item in find_objects(image)
        ]
        lines += [[*known, *values, *told] for values in found or [[""] * 8]]
    file.write_bytes(encode_csv(format_csv(lines)))

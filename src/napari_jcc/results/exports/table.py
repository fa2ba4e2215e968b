"""Objects as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from napari_jcc.results.exports.objects import ExportSet, find_objects

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
    "status",
    "warning",
)


def write_csv(exported: ExportSet, file: Path) -> None:
    """Write one row per object; an image without object has one with empty fields.

    Boxes and areas are in pixels; boxes are half-open, x to the right and y down.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for image, place in zip(exported.images, exported.files, strict=True):
        rows, columns = image.mask.shape
        known = [image.name, place, columns, rows]
        told = [exported.statuses.get(image.name, ""), image.warning]
        found = [
            [
                item.number,
                *(f"{side:.2f}" for side in item.box),
                f"{item.score:.6f}",
                int(item.mask.sum()),
                f"{item.mask.mean():.6f}",
            ]
            for item in find_objects(image)
        ]
        for values in found or [[""] * 8]:
            writer.writerow([*known, *values, *told])
    # Names of files need not be text; what is none is written as an escape.
    file.write_bytes(text.getvalue().encode("utf-8", "backslashreplace"))

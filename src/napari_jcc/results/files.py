"""Masks, boxes, contact sheet and record of a run, written to a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.results.box_table import format_boxes
from napari_jcc.results.names import (
    BOXES,
    OVERVIEW,
    RECORD,
    RESULT,
    instances_file,
    mask_files,
)
from napari_jcc.results.overview import draw_overview
from napari_jcc.results.pictures import number_type, save_picture, to_gray
from napari_jcc.results.record import build_record, find_command, write_record
from napari_jcc.results.result import JccResult
from napari_jcc.tables import encode_csv


def write_result(
    result: JccResult,
    out: str | Path,
    images: ImageCollection | None = None,
    *,
    overwrite: bool = False,
    command: str | None = None,
    corrected: Sequence[str] = (),
) -> Path:
    """Write a result as files that other programs read.

    - ``masks/<name>.png``: 0 and 255, the image's own size,
    - ``instances/<name>.png``: 0 and the number of the object, where several objects an
      image were looked for,
    - ``boxes.csv``: image, x_min, y_min, x_max, y_max (pixels, half-open), score,
    - ``overview.png``: outlines and boxes on the images,
    - ``run.json``: settings, versions, times, solver report, scores, skipped files.

    The same result gives the same bytes in masks and boxes. All files are put in place
    together at the end: when that fails, a former result is left as it was.

    Parameters
    ----------
    result
        The answer.
    out
        Folder, made if there is none.
    images
        Those it was found on. Without, the overview shows masks and boxes on gray, and the
        record names no files: the brightness of objects cannot be measured later, and the
        size of a pixel is not known.
    overwrite
        Replace the files of a former result. Files of others are never touched.
    command
        Command line for the record; worked out from the images when None, if nothing was
        corrected.
    corrected
        Names of the images that were corrected by hand.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    InputError
        If `out` is no path, or `images` no collection.
    OutputError
        If `out` is not empty and `overwrite` is not set, if a file of somebody else is in
        the way, or if the files cannot be written.
    """
    _check_types(out, images)
    out = Path(out)
    names = [image.name for image in result.images]
    check_output(out, overwrite, names)
    masks = mask_files(names)
    with RESULT.replacing(out) as new:
        for image, file in zip(result.images, masks, strict=True):
            save_picture(to_gray(image.mask), new / file)
            if image.instances is not None:
                kind = number_type(image.instances.max(initial=0))
                save_picture(image.instances.astype(kind), new / instances_file(file))
        (new / BOXES).write_bytes(encode_csv(format_boxes(result.images)))
        draw_overview(result, images).save(new / OVERVIEW)
        if command is None and not corrected:
            command = find_command(result, images, out)
        record = build_record(result, images, masks, command, corrected)
        write_record(record, new / RECORD)
    return out


def _check_types(out: object, images: object) -> None:
    if not isinstance(out, str | os.PathLike):
        raise InputError(
            f"Results cannot be written to a {type(out).__name__}. Give the folder second: "
            "write_result(result, folder, images)."
        )
    if not isinstance(images, ImageCollection | None):
        raise InputError(
            f"images is a {type(images).__name__}. Give the ImageCollection that was "
            "segmented, such as ImageCollection.from_paths(folder), or leave it out."
        )


def check_output(
    out: str | Path, overwrite: bool = False, names: Sequence[str] = ()
) -> None:
    """Find out, before a long run, whether its results can be written.

    Parameters
    ----------
    out
        Folder for the results; nothing is left in it by the check.
    overwrite
        Whether files of a former result may be replaced.
    names
        Names of the images, so that files of others in the way are found too.

    Raises
    ------
    OutputError
        As `write_result` would.
    """
    RESULT.check(out, overwrite, mask_files(names))

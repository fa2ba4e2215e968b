"""Masks, boxes, contact sheet and record of a run, written to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from napari_jcc.collection import ImageCollection


def write_result(
    result: JccResult,
    collection: ImageCollection | None,
    out: str | Path,
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
    collection
        Images it was found on, shown in the overview; None if they are gone.
    out
        Folder, made if there is none.
    overwrite
        Replace the files of a former result. Files of others are never touched.
    command
        Command line for the record; worked out from the collection when None, if nothing
        was corrected.
    corrected
        Names of the images that were corrected by hand.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    OutputError
        If `out` is not empty and `overwrite` is not set, if a file of somebody else is in
        the way, or if the files cannot be written.
    """
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
        draw_overview(result, collection).save(new / OVERVIEW)
        if command is None and not corrected:
            command = find_command(result, collection, out)
        record = build_record(result, collection, masks, command, corrected)
        write_record(record, new / RECORD)
    return out


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

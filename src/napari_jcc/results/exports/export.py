"""Write a result in one of the forms that other programs read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_jcc.atomic import explained, filling
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import ConfigError, OutputError
from napari_jcc.results.exports.coco import write_coco
from napari_jcc.results.exports.masks import write_png, write_tiff
from napari_jcc.results.exports.objects import ExportSet
from napari_jcc.results.exports.table import write_csv
from napari_jcc.results.exports.yolo import write_yolo
from napari_jcc.results.result import JccResult
from napari_jcc.words import describe_unknown


@dataclass(frozen=True)
class ExportFormat:
    """A form to export.

    Attributes
    ----------
    name
        What it is asked for by.
    description
        What it is, in a few words.
    file
        Name of the one file, used where a folder is given; empty for a folder of files.
    write
        Writes it to a new file or an empty folder.
    """

    name: str
    description: str
    file: str
    write: Callable[[ExportSet, Path], None]


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    kind.name: kind
    for kind in (
        ExportFormat("png", "a mask image per image, in a folder", "", write_png),
        ExportFormat("tiff", "all masks as one stack", "masks.tif", write_tiff),
        ExportFormat("coco", "COCO instances, JSON", "instances.json", write_coco),
        ExportFormat("yolo", "YOLO boxes and polygons, in a folder", "", write_yolo),
        ExportFormat("csv", "a table of objects", "objects.csv", write_csv),
    )
}


_ENDINGS = {".png": "png", ".tif": "tiff", ".tiff": "tiff", ".json": "coco", ".csv": "csv"}
"""Formats by the extensions that tell them."""


def export_result(
    result: JccResult,
    out: str | os.PathLike[str],
    kind: str,
    *,
    files: Sequence[str] = (),
    statuses: Mapping[str, str] | None = None,
    category: str = "object",
    overwrite: bool = False,
    pictures: ImageCollection | None = None,
) -> Path:
    """Write a result for other programs; all of it, or nothing.

    Parameters
    ----------
    result
        Masks and boxes, with the user's edits where there are any.
    out
        File, or folder for the formats that are many files. In a folder that exists, or a
        name without extension, which becomes one, a file takes its usual name.
    kind
        A key of `EXPORT_FORMATS`.
    files
        Path of every image's file, in order; empty for images in no file. None at all:
        not known.
    statuses
        By name of the image, for the table.
    category
        What the objects are called.
    overwrite
        Replace files that are there. Others in the folder stay.
    pictures
        The images, in the same order; a stack takes axes and pixel size from them.

    Returns
    -------
    Path
        The file or folder written.

    Raises
    ------
    ConfigError
        If there is no such format.
    OutputError
        If files are in the way, or cannot be written, or `out` has the extension of another
        format.
    """
    if kind not in EXPORT_FORMATS:
        raise ConfigError(describe_unknown("format of an export", kind, EXPORT_FORMATS))
    chosen, out = EXPORT_FORMATS[kind], Path(out)
    if chosen.file and (out.is_dir() or not out.suffix):
        out = out / chosen.file
    _check(out, chosen, overwrite)
    known = list(files) or [""] * len(result.images)
    exported = ExportSet(
        result.images, _shorten(known), dict(statuses or {}), category, pictures
    )
    with explained(out, "the export"), filling(out.parent if chosen.file else out) as new:
        chosen.write(exported, new / out.name if chosen.file else new)
    return out


def _check(out: Path, chosen: ExportFormat, overwrite: bool) -> None:
    told = _ENDINGS.get(out.suffix.lower(), chosen.name)
    if told != chosen.name:
        raise OutputError(
            f"{out} is called as {told} files are, but {chosen.name} is asked for. Choose "
            f"another name, or the format {told}."
        )
    if not chosen.file and out.is_file():
        raise OutputError(f"{out} is a file. Choose a folder for {chosen.name}.")
    used = out.is_dir() and any(out.iterdir()) if not chosen.file else out.exists()
    if used and not overwrite:
        state = "exists already" if chosen.file else "is not empty"
        raise OutputError(
            f"{out} {state}. Choose another place, or allow overwriting (--overwrite, in "
            "Python overwrite=True)."
        )


def _shorten(files: Sequence[str]) -> list[str]:
    """Paths relative to the folder that all files share, with ``/``."""
    folders = {os.path.dirname(os.path.abspath(file)) for file in files if file}
    try:
        root = os.path.commonpath(folders) if folders else ""
    except ValueError:  # drives of Windows share no folder
        return [Path(file).as_posix() if file else "" for file in files]
    return [
        Path(os.path.relpath(os.path.abspath(file), root)).as_posix() if file else ""
        for file in files
    ]

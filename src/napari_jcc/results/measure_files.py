"""Measures of results in files, with the size of a pixel that every image's file tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from napari_jcc.atomic import replace_file
from napari_jcc.collection.spacing import Spacing
from napari_jcc.results.measure import Measurements, measure_images, note_slices
from napari_jcc.results.names import MEASURES
from napari_jcc.results.result import ImageResult
from napari_jcc.results.saved import SavedPictures, StoredPictures, read_result
from napari_jcc.tables import encode_csv


def measure_folder(
    folder: str | Path,
    *,
    spacing: tuple[float, float] | None = None,
    unit: str = "pixel",
    out: str | Path | None = None,
) -> Measurements:
    """Measure the objects that a run found, and write ``measures.csv`` beside its results.

    Parameters
    ----------
    folder
        Folder that a run wrote. Images are read from where they were.
    spacing
        Height and width of a pixel, in `unit`. None: as the file of every image says, and
        pixels where it does not.
    unit
        Unit of length, where `spacing` is given.
    out
        File for the table, if not beside the results.

    Raises
    ------
    InputError
        If the folder holds no result, or as `measure_objects`.
    OutputError
        If the table cannot be written.
    """
    saved = read_result(Path(folder))
    pictures = SavedPictures(saved)
    found = measure_stored(saved.result.images, pictures, spacing=spacing, unit=unit)
    replace_file(Path(out or Path(folder, MEASURES)), encode_csv(found.to_csv()))
    return found


def measure_stored(
    images: Iterable[ImageResult],
    pictures: StoredPictures,
    *,
    spacing: tuple[float, float] | None = None,
    unit: str = "pixel",
) -> Measurements:
    """Measure the objects of images that are in files; see `measure_folder`.

    Raises
    ------
    InputError
        As `measure_objects`.
    """
    rows: list[Mapping[str, Any]] = []
    notes = note_slices(any(map(pictures.lies_on_z, pictures)))
    for image in images:
        own = pictures.spacing(image.name) if spacing is None else Spacing(*spacing, unit)
        row, column, length = own or (1.0, 1.0, "pixel")
        found = measure_images([image], pictures, spacing=(row, column), unit=length)
        rows += found.rows
        notes += found.notes
    return Measurements(tuple(rows), tuple(notes))

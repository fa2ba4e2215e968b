"""``napari-jcc measure``: area, shape and brightness of every object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.cli import options
from napari_jcc.cli.images import is_project, open_edited

if TYPE_CHECKING:
    from napari_jcc.results.measure import Measurements

_MOST_NOTES = 10


def measure(
    source: options.Result,
    output: Annotated[
        Path | None,
        options.output(
            "File for the table, or a folder to put it in; else measures.csv in the "
            "folder of results, or NAME_measures.csv beside the project NAME.jcc.",
            "FILE",
        ),
    ] = None,
    spacing: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Size of a pixel, such as 0.65; HEIGHT,WIDTH where they differ. Needs "
            "--unit. Without both, as the images' files say, else in pixels.",
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Unit of that size, such as um."),
    ] = None,
) -> None:
    """Measure every object, of a project with its edits, and write a table.

    Area, centroid, axes, eccentricity, orientation, perimeter, solidity, bounding box in
    pixels, and mean, lowest, highest and spread of the values in every channel of the image
    as stored. Objects are those that a run numbers, or else the connected pieces of a mask
    but for specks below a hundredth of the largest.

    Example: napari-jcc measure out --spacing 0.65 --unit um

    Example: napari-jcc measure cows.jcc --output cows.csv
    """
    from napari_jcc.errors import InputError
    from napari_jcc.words import count_of

    sides = None if spacing is None else _parse_spacing(spacing)
    if (sides is None) != (unit is None):
        raise InputError(
            "The size of a pixel and its unit need each other. Give both, such as "
            "--spacing 0.65 --unit um, or neither."
        )
    out = _find_place(source, output)
    found = _measure(source, out, sides, unit or "pixel")
    for note in found.notes[:_MOST_NOTES]:
        typer.echo(f"Warning: {note}", err=True)
    if len(found.notes) > _MOST_NOTES:
        typer.echo(f"Warning: and {len(found.notes) - _MOST_NOTES} more", err=True)
    objects = count_of(len(found.rows), "object")
    images = count_of(len({row["image"] for row in found.rows}), "image")
    units = ", ".join(dict.fromkeys(row["unit"] for row in found.rows))
    # So that a decimal comma, which means two numbers here, is noticed.
    size = "" if sides is None else f", pixels {sides[0]:g} high and {sides[1]:g} wide"
    typer.echo(
        f"Measured {objects} in {images}, unit of length {units or 'pixel'}{size}: {out}"
    )


def _find_place(source: Path, output: Path | None) -> Path:
    """Return the file for the table: as asked for, else beside what is measured."""
    from napari_jcc.results.names import MEASURES

    if output is not None:
        return output / MEASURES if output.is_dir() else output
    if is_project(source):
        return source.with_name(f"{source.stem}_{MEASURES}")
    return source / MEASURES


def _measure(
    source: Path, out: Path, spacing: tuple[float, float] | None, unit: str
) -> Measurements:
    """Measure a folder of results or a project, and write the table."""
    from napari_jcc.atomic import replace_file
    from napari_jcc.project.pictures import ProjectPictures
    from napari_jcc.results.measure_files import measure_folder, measure_stored
    from napari_jcc.tables import encode_csv

    if not is_project(source):
        return measure_folder(source, spacing=spacing, unit=unit, out=out)
    project, result = open_edited(source)
    pictures = ProjectPictures(project)
    found = measure_stored(result.images, pictures, spacing=spacing, unit=unit)
    replace_file(out, encode_csv(found.to_csv()))
    return found


def _parse_spacing(text: str) -> tuple[float, float]:
    from napari_jcc.errors import InputError

    try:
        height, width = map(float, f"{text},{text}".split(",")[:2])
        if text.count(",") > 1:
            raise ValueError
    except ValueError:
        raise InputError(
            f"Cannot read the size of a pixel {text!r}. Write one number, or height and "
            "width with a comma between them, such as 0.65 or 1.0,0.65."
        ) from None
    return height, width

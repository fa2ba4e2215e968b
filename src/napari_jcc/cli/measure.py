"""``napari-jcc measure``: area, shape and brightness of every object."""

from __future__ import annotations

from typing import Annotated

import typer

from napari_jcc.cli.options import Result

_MOST_NOTES = 10


def measure(
    output: Result,
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
    """Measure every object, and write measures.csv to RESULT.

    Area, centroid, axes, eccentricity, orientation, perimeter, solidity, bounding box in
    pixels, and mean, lowest, highest and spread of the values in every channel of the image
    as stored. Objects are those that a run numbers, or else the connected pieces of a mask
    but for specks below a hundredth of the largest.

    Example: napari-jcc measure out --spacing 0.65 --unit um
    """
    from napari_jcc.errors import InputError
    from napari_jcc.results.measure import measure_folder
    from napari_jcc.results.names import MEASURES
    from napari_jcc.words import count_of

    sides = None if spacing is None else _parse_spacing(spacing)
    if (sides is None) != (unit is None):
        raise InputError(
            "The size of a pixel and its unit need each other. Give both, such as "
            "--spacing 0.65 --unit um, or neither."
        )
    found = measure_folder(output, spacing=sides, unit=unit or "pixel")
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
        f"Measured {objects} in {images}, unit of length {units or 'pixel'}{size}: "
        f"{output / MEASURES}"
    )


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

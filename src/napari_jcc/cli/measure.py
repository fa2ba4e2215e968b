"""``napari-jcc measure``: area, shape and brightness of every object."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def measure(
    output: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Folder that 'napari-jcc segment' wrote."),
    ],
    spacing: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Size of a pixel, such as 0.65; HEIGHT,WIDTH where they differ. By "
            "default as the images' files say, else 1.",
        ),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="NAME", help="Unit of that size, such as um.")
    ] = None,
) -> None:
    """Measure every object, and write measures.csv to OUT.

    Area, centroid, axes, eccentricity, orientation, perimeter, solidity, bounding box in
    pixels, and mean, lowest, highest and spread of the values in every channel of the image
    as stored. Every connected piece of a mask is an object.

    Example: napari-jcc measure out --spacing 0.65 --unit um
    """
    from napari_jcc.results.measure import MEASURES, measure_folder

    own = spacing is None and unit is None
    sides = None if own else _parse_spacing("1" if spacing is None else spacing)
    found = measure_folder(output, spacing=sides, unit=unit or "pixel")
    for note in found.notes:
        typer.echo(f"Warning: {note}", err=True)
    images = len({row["image"] for row in found.rows})
    typer.echo(
        f"Measured {len(found.rows)} objects in {images} images: {output / MEASURES}"
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

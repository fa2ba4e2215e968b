"""``napari-jcc export``: a result or project in the form that another program reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from napari_jcc.cli import options
from napari_jcc.cli.images import open_edited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_jcc.collection import ImageCollection
    from napari_jcc.project import Project
    from napari_jcc.results import JccResult


class Exported(NamedTuple):
    """What a folder of results and a project have in common."""

    result: JccResult
    files: Sequence[str]
    statuses: Mapping[str, str]
    pictures: ImageCollection | None


def export(
    source: options.Result,
    output: Annotated[
        Path,
        options.output(
            "File for tiff, coco and csv, or a folder to put it in; folder for png "
            "and yolo."
        ),
    ],
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="png: a mask image per image. tiff: all masks as one stack. coco: COCO "
            "instances. yolo: boxes and polygons. csv: a table of objects.",
            autocompletion=lambda: ["png", "tiff", "coco", "yolo", "csv"],
        ),
    ],
    category: Annotated[
        str,
        typer.Option(metavar="NAME", help="What the objects are called in coco and yolo."),
    ] = "object",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
) -> None:
    """Export masks and boxes, with the edits of a project, for other programs.

    Example: napari-jcc export out --format coco --output cows.json --category cow

    Example: napari-jcc export cows.jcc --format yolo --output cows_yolo
    """
    from napari_jcc.results.exports import export_result
    from napari_jcc.words import count_of

    found = read_source(source)
    place = export_result(
        found.result,
        output,
        kind,
        files=found.files,
        statuses=found.statuses,
        category=category,
        overwrite=overwrite,
        pictures=found.pictures,
    )
    typer.echo(f"Wrote {count_of(len(found.result.images), 'image')} to {place}.")
    if kind == "yolo":
        typer.echo(
            "Next: put the images into the folders images beside labels, named as the "
            "files there."
        )


def read_source(source: Path) -> Exported:
    """Read a folder of results, or a project with the user's edits laid over its result.

    Raises
    ------
    InputError
        If it is neither, cannot be read, or holds no result yet.
    """
    from napari_jcc.errors import InputError
    from napari_jcc.results.saved import is_saved_result, read_result

    if source.is_dir():
        if not is_saved_result(source):
            raise InputError(
                f"{source} holds no result of a run. Give the folder that 'napari-jcc "
                "segment --output' wrote, or a project (.jcc)."
            )
        saved = read_result(source)
        return Exported(saved.result, saved.sources, {}, saved.open_images())
    project, result = open_edited(source)
    files = {image.name: image.path for image in project.inputs}
    statuses: dict[str, str] = {image.name: "machine" for image in result.images}
    statuses.update(project.statuses)
    return Exported(
        result,
        [files.get(image.name, "") for image in result.images],
        statuses,
        _find_pictures(project, result),
    )


def _find_pictures(project: Project, result: JccResult) -> ImageCollection:
    """Images that a result is about, in its order; its masks where one is gone."""
    from napari_jcc.errors import InputError

    masks = project.masks_as_images(result)
    try:
        found = project.open_images()
    except InputError:
        return masks
    places = {name: place for place, name in enumerate(found.names)}
    if not {*masks.names} <= {*places}:
        return masks
    return found.select(places[name] for name in masks.names)

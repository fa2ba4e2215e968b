"""The images and projects that a command is given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from napari_jcc.collection import ImageCollection
    from napari_jcc.config import CollectionConfig
    from napari_jcc.project import Project
    from napari_jcc.results import JccResult


def open_images(
    paths: Sequence[Path],
    config: CollectionConfig,
    *,
    recursive: bool = False,
    quiet: bool = False,
) -> ImageCollection:
    """Open files and folders, and tell how pages and channels of files are taken.

    Raises
    ------
    InputError
        If a path does not exist, or no usable image is found.
    """
    from napari_jcc.collection import ImageCollection, describe_files

    images = ImageCollection.from_paths(paths, recursive=recursive, config=config)
    if not quiet:
        for note in describe_files(images, "--set collection.channels=NUMBER"):
            typer.echo(f"Note: {note}", err=True)
    return images


def open_project(path: Path) -> Project:
    """Read a project, and tell what has moved, changed or is missing.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from napari_jcc.project import load_project

    project, report = load_project(path)
    for message in report.messages():
        typer.secho(f"Note: {message}", err=True)
    return project


def is_project(source: Path) -> bool:
    """Whether a command is given a project, and no folder of results."""
    return source.is_file() or (source.suffix == ".jcc" and not source.is_dir())


def open_edited(path: Path) -> tuple[Project, JccResult]:
    """Read a project, and its result with the user's edits laid over it.

    Raises
    ------
    InputError
        If it cannot be read, or has no result yet.
    """
    from napari_jcc.errors import InputError

    project = open_project(path)
    result = project.edited_result()
    if result is None:
        raise InputError(
            f"The project {path} has no result yet. Run it in the window, or "
            "'napari-jcc segment' on its images."
        )
    return project, result

"""The images that a command is given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from napari_jcc.collection import ImageCollection
    from napari_jcc.config import CollectionConfig


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

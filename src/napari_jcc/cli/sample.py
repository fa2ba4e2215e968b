"""``napari-jcc sample``: write a sample set to a folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer


def sample(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which set; see --list.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Made if missing.")
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", "-l", help="List the sets there are.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of the same names.")
    ] = False,
) -> None:
    """Write sample images, and their true masks where these are exactly known.

    Example: napari-jcc sample cells my_cells
    """
    from napari_jcc.samples import SAMPLES, write_sample

    if show_list:
        for kind in SAMPLES.values():
            typer.echo(f"{kind.name}: {kind.description}")
        return
    if name is None or folder is None:
        missing = "NAME" if name is None else "FOLDER"
        raise typer.BadParameter(
            f"missing. Name a set ({', '.join(SAMPLES)}) and a folder.", param_hint=missing
        )
    paths = write_sample(name, folder, overwrite=overwrite)
    images, truth = folder / "images", folder / "truth"
    count = sum(path.parent == images for path in paths)
    out = folder / "out"
    typer.echo(f"Wrote {count} images to {images}.")
    typer.echo(
        f"Next: {shlex.join(['napari-jcc', 'segment', str(images), '-o', str(out)])}"
    )
    if len(paths) > count:
        words = ["napari-jcc", "evaluate", str(out), "--truth", str(truth)]
        typer.echo(f"Then: {shlex.join(words)}")

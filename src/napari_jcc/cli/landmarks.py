"""``napari-jcc landmarks``: points placed on some images, carried to all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.cli import options
from napari_jcc.config import MatchConfig, MatchingConfig
from napari_jcc.words import list_some

if TYPE_CHECKING:
    from napari_jcc.matching.outputs import CarriedLandmarks

_MOST_LINES = 5
_THROUGH = MatchingConfig().through

Placed = Annotated[
    Path,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Landmarks of at least one of the images: .tps, or .csv with columns "
        "image,point,x,y.",
    ),
]
Network = Annotated[
    Path | None,
    typer.Option(metavar="CKPT", help="Network that matches the whole images."),
]
Through = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help="Where two images differ much, paths through this many others are followed "
        "as well, which takes longer.",
    ),
]


def landmarks(
    images: Annotated[Path, typer.Argument(metavar="IMAGES", help="Folder of the images.")],
    placed: Placed,
    output: Annotated[
        Path,
        options.output("Folder for landmarks.csv and landmarks.tps; made if missing."),
    ],
    checkpoint: Network = None,
    facing: options.Facing = None,
    encoder: options.MatchEncoder = None,
    through: Through = _THROUGH,
    recursive: options.Recursive = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace landmarks that are there.")
    ] = False,
    device: options.MatchDevice = None,
    quiet: options.Quiet = False,
) -> None:
    """Carry landmarks that were placed on some images to all images of a folder.

    Writes landmarks.csv, with the confidence of every point found, and landmarks.tps.
    Points that were placed stay as they are and have no confidence. Correct some of the
    points found, empty their confidence, give the table again, and the rest improves.
    With --recursive the tables name images by their place in the folder, as a/wing01.png.

    Example: napari-jcc landmarks wings --from placed.tps --output out
    """
    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.matching.outputs import (
        carry_landmarks,
        check_landmark_output,
        open_pair_matcher,
        write_landmarks,
    )

    check_landmark_output(output, overwrite=overwrite)

    def adapt(base: MatchConfig) -> MatchConfig:
        return options.adapt_match_config(
            base, encoder=encoder, device=device, facing=facing
        )

    ways = adapt(MatchConfig()).matching.facing
    matcher = open_pair_matcher(checkpoint, adapt)
    with TerminalProgress(quiet) as progress:
        carried = carry_landmarks(
            images,
            placed,
            matcher,
            progress,
            recursive=recursive,
            through=through,
            facing=ways,
        )
        write_landmarks(carried, output, overwrite=overwrite)
    if not quiet:
        _show(carried, images, output)


def _show(carried: CarriedLandmarks, images: Path, out: Path) -> None:
    import numpy as np

    from napari_jcc.matching.outputs.landmark_files import CSV, TPS

    found = carried.found
    count = len(carried.shapes)
    typer.echo(f"Placed   on {count - len(found)} of {count} images")
    typer.echo(f"Found    on {len(found)} of {count} images")
    if carried.absent:
        typer.echo(
            f"Skipped  {list_some(carried.absent)}: not among the images in {images}"
        )
    for warning in carried.warnings:
        typer.echo(f"Warning  {warning}")
    for shape in found[:_MOST_LINES]:
        least = 0.0 if shape.confidence is None else np.nanmin(shape.confidence)
        typer.echo(f"Check    {shape.image}: its least sure point has {least:.2f}")
    typer.echo(f"Tables   {out / CSV}, {out / TPS}")

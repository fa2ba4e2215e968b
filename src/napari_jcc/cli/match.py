"""``napari-jcc match``: from images to pairs, points, warped images and masks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.cli import options
from napari_jcc.cli.images import open_images

if TYPE_CHECKING:
    from napari_jcc.matching.outputs import MatchResult

Network = Annotated[
    Path | None,
    typer.Option(
        metavar="CKPT",
        help="Network that 'napari-jcc train' wrote. Without it, images are registered "
        "by what they look like, without training, and there are no masks.",
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Without a checkpoint: registration (the default), or refinement, which "
        "needs --encoder.",
    ),
]
Pairs = Annotated[
    str,
    typer.Option(
        metavar="CHOICE",
        help="all: every two images. template:NAME: all images to that one. Else a "
        "CSV file with columns source,target.",
    ),
]
Warped = Annotated[
    bool,
    typer.Option(
        "--warped/--no-warped", help="Write every source drawn in its target's place."
    ),
]


def match(
    paths: options.Paths,
    output: options.Output,
    checkpoint: Network = None,
    method: Method = None,
    pairs: Pairs = "all",
    warped: Warped = True,
    facing: options.Facing = None,
    encoder: options.MatchEncoder = None,
    config_file: options.MatchConfigFile = None,
    assignments: options.MatchAssignments = None,
    recursive: options.Recursive = False,
    overwrite: options.Overwrite = False,
    device: options.MatchDevice = None,
    quiet: options.Quiet = False,
) -> None:
    """Match images that show the same kind of object.

    Writes pairs.csv (transformations, cycle error, inliers, confidence), points.csv,
    warped/TARGET/SOURCE.png, overview.png and match.json to OUT, and masks/NAME.png where
    the network was trained to find objects. With --encoder and a checkpoint: where the
    encoder of that network is now. Without either, gradients are compared.

    Example: napari-jcc match wings --output out --pairs template:wing01

    Example: napari-jcc match wings --output out --facing mirrored

    Example: napari-jcc match wings --output out --method refinement --encoder net.pt2

    Example: napari-jcc match wings --output out --checkpoint wings.ckpt
    """
    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.collection.readable import keep_readable
    from napari_jcc.matching import outputs

    if method is not None:
        assignments = [*(assignments or ()), f"matching.untrained={method}"]
    matcher = outputs.open_set_matcher(
        checkpoint,
        lambda config: options.adapt_match_config(
            config,
            config_file,
            assignments,
            encoder=encoder,
            device=device,
            facing=facing,
        ),
    )
    images = open_images(paths, matcher.config.collection, recursive=recursive, quiet=quiet)
    chosen = outputs.choose_pairs(images.names, pairs)
    outputs.check_match_output(
        output, images.names, chosen, overwrite=overwrite, warped=warped
    )
    command = outputs.match_command(
        paths, output, matcher, pairs, warped=warped, recursive=recursive
    )
    with TerminalProgress(quiet) as progress:
        images = keep_readable(images, progress)
        chosen = outputs.choose_pairs(images.names, pairs)
        result = outputs.match_collection(matcher, images, chosen, progress)
        outputs.write_matches(
            result,
            images,
            output,
            overwrite=overwrite,
            warped=warped,
            command=command,
            progress=progress,
        )
    if not quiet:
        show_matches(result, output)


def show_matches(result: MatchResult, out: Path) -> None:
    """Print how well the pairs match, what was left out, and where to look."""
    import numpy as np

    from napari_jcc.collection import describe_skipped
    from napari_jcc.matching.outputs.names import OVERVIEW, PAIRS

    pairs = sum(pair.instance == 1 for pair in result.pairs)
    more = len(result.pairs) - pairs
    instances = f", and {more} further instance{'s' * (more > 1)}" if more else ""
    typer.echo(f"Pairs    {pairs}{instances}")
    for name, digits in (("confidence", 2), ("inlier_share", 2), ("cycle_error", 3)):
        low, middle, high = np.quantile(
            [getattr(pair, name) for pair in result.pairs], (0.1, 0.5, 0.9)
        )
        words = name.replace("_", " ")
        typer.echo(
            f"         {words}: median {middle:.{digits}f}, 10 to 90 %: "
            f"{low:.{digits}f} to {high:.{digits}f}"
        )
    for note in result.notes:
        typer.echo(f"Warning  {note}")
    for line in describe_skipped(result.skipped):
        typer.echo(f"Skipped  {line}")
    typer.echo(f"Look at  {out / OVERVIEW}")
    typer.echo(f"Table    {out / PAIRS}")

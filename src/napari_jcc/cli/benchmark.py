"""``napari-jcc benchmark``: methods compared on a labelled image set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_jcc.cli import options
from napari_jcc.config.presets import DEFAULT_PRESET

SetName = Annotated[
    str,
    typer.Argument(
        metavar="SET",
        help="msrc, pascal10, internet, icoseg, horses, voc07-6x2, wbc, bbbc010, "
        "dsb2018, or folder: images/ and masks/ of your own.",
    ),
]
Tables = Annotated[
    Path,
    options.output(
        "Folder for predictions, scores and tables. What a former call finished "
        "there under the same settings is not done again."
    ),
]
Classes = Annotated[
    str, typer.Option(metavar="A,B", help="Classes; without it all that are there.")
]
Methods = Annotated[
    str,
    typer.Option(
        metavar="A,B",
        help="Methods, and groups of them: ablation, baselines, readings. "
        "An unknown name lists them.",
    ),
]
Every = Annotated[
    int, typer.Option(metavar="N", min=1, help="Take every N-th image of a class only.")
]
First = Annotated[
    int, typer.Option(metavar="K", min=0, help="Image to begin with, from 0.")
]
Timed = Annotated[
    bool,
    typer.Option(
        "--timed", help="Let methods share no stages, so that all have seconds an image."
    ),
]


def benchmark(
    set_name: SetName,
    root: options.SetFolder,
    output: Tables,
    classes: Classes = "",
    methods: Methods = "",
    preset: options.Preset = DEFAULT_PRESET,
    config_file: options.ConfigFile = None,
    assignments: options.Assignments = None,
    encoder: options.EncoderName = None,
    device: options.Device = None,
    workers: options.Workers = None,
    cache: options.CacheFolder = None,
    every: Every = 1,
    first: First = 0,
    timed: Timed = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare methods on a labelled set: P, J, CorLoc, box IoU and seconds an image.

    Writes tables.md and tables.csv to OUT, with 95 % intervals and, marked as printed, the
    figures of papers; masks and boxes are under predictions/, scores of every image under
    scores/.

    Example: napari-jcc benchmark msrc --root MSRC_v2 --output out

    Example: napari-jcc benchmark folder --root data --methods ablation --output out

    Example: napari-jcc benchmark msrc --root MSRC_v2 --classes cow,car -p photo -o out
    """
    from napari_jcc.benchmark import Benchmark, find_methods, load_set
    from napari_jcc.benchmark.tables import format_overview
    from napari_jcc.cli.progress import TerminalProgress

    config = options.build_config(
        preset,
        config_file,
        assignments,
        device=device,
        encoder=encoder,
        cache=cache,
        workers=workers,
    )
    chosen = find_methods(options.split_names(methods))
    labelled = [
        each.every(every, first)
        for each in load_set(set_name, root, options.split_names(classes))
    ]
    folder = config.runtime.cache_folder
    task = Benchmark(
        set_name, labelled, chosen, config, output, Path(folder) if folder else None, timed
    )
    with TerminalProgress(quiet) as progress:
        scores, notes = task.run(progress)
    if not quiet:
        typer.echo(format_overview(scores))
        for note in notes:
            typer.echo(note, err=True)
        typer.echo(f"\nAll tables: {output / 'tables.md'}, {output / 'tables.csv'}")

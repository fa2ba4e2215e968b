"""``napari-jcc sweep``: the same images under many settings, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.cli import options
from napari_jcc.cli.images import open_images
from napari_jcc.config.presets import DEFAULT_PRESET

if TYPE_CHECKING:
    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.config import JccConfig
    from napari_jcc.sweep import Sweep, SweepTable

_MOST_LINES = 5

Points = Annotated[
    Path,
    options.output("Folder for the points; one with the same sweep is gone on with."),
]
Values = Annotated[
    list[str],
    typer.Option(
        "--grid",
        "-g",
        metavar="SECTION.FIELD=VALUES",
        help="Values to try, such as problem.nu=0.1,0.3,1. FIRST:LAST:COUNT stands for "
        "evenly spaced numbers, FIRST:LAST:COUNT:log for evenly spaced logarithms. "
        "Items of lists are joined by +. May be repeated: all combinations are tried.",
    ),
]
Truth = Annotated[
    Path | None,
    typer.Option(
        "--truth",
        "-t",
        metavar="PATH",
        help="Score every point against masks or boxes, as 'napari-jcc evaluate' does.",
    ),
]


def sweep(
    paths: options.Paths,
    output: Points,
    grid: Values,
    preset: options.Preset = DEFAULT_PRESET,
    config_file: options.ConfigFile = None,
    assignments: options.Assignments = None,
    truth: Truth = None,
    recursive: options.Recursive = False,
    saliency: options.Saliency = None,
    encoder: options.EncoderName = None,
    device: options.Device = None,
    workers: options.Workers = None,
    cache: options.CacheFolder = None,
    scheduler: options.Scheduler = None,
    quiet: options.Quiet = False,
) -> None:
    """Try settings: every point redoes only what its settings change.

    Writes table.csv, table.md and figure.png to OUT, and masks and boxes of every point to
    OUT/points; all are up to date after every point. Points that are there are not
    computed again, and one that fails does not stop the others. The column command of
    table.csv holds the command that writes the full result of a point.

    Example: napari-jcc sweep photos --output sweep --grid problem.nu=0.03:3:5:log

    Example: napari-jcc sweep photos -o sweep -g problem.nu=0.1,0.3 -g
    superpixels.count=150,300 --truth masks
    """
    from napari_jcc.cli.cluster import connect
    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.sweep import Grid, Sweep

    config = options.build_config(
        preset,
        config_file,
        assignments,
        device=device,
        encoder=encoder,
        saliency=saliency,
        cache=cache,
        workers=workers,
    )
    points = Grid.build(config, grid)
    images = open_images(paths, config.collection, recursive=recursive, quiet=quiet)
    with TerminalProgress(quiet) as progress, connect(scheduler) as client:
        work = Sweep(
            images,
            config,
            points,
            truth=truth,
            client=client,
            progress=progress,
            stages=None if quiet else progress.detail(),
            folder=output,
            command=partial(_tell_command, paths, output, preset, recursive),
        )
        table = _run(work, output, None if quiet else progress)
    if not quiet:
        _show(table, output)


def _tell_command(
    paths: Sequence[Path],
    out: Path,
    preset: str,
    recursive: bool,
    settings: JccConfig,
    key: str,
) -> str:
    """Return the command that writes the full result of a point."""
    from napari_jcc.results import equivalent_command

    place = out / "results" / key
    return equivalent_command(paths, place, settings, preset, recursive=recursive)


def _run(work: Sweep, out: Path, progress: TerminalProgress | None) -> SweepTable:
    """Compute what is missing; an error where not a single point has an answer."""
    from napari_jcc.errors import Cancelled

    if progress is not None:
        _say_what_is_there(work, progress)
    try:
        table = work.run()
    except Cancelled as error:
        raise Cancelled(
            f"Cancelled; {out} keeps the points that are finished. The same command goes "
            "on from there."
        ) from error
    _check_any(table)
    return table


def _say_what_is_there(work: Sweep, progress: TerminalProgress) -> None:
    done = work.count - work.missing_count
    if done:
        progress.say(
            f"{done} of {work.count} points, base included, were finished before and are "
            "kept."
        )


def _check_any(table: SweepTable) -> None:
    """Raise where not a single point has an answer: nothing was achieved."""
    from napari_jcc.errors import SolverError

    if not any(point.has_answer for point in table.points):
        raise SolverError(f"Every point failed. The first: {table.points[0].error}")


def _show(table: SweepTable, out: Path) -> None:
    from napari_jcc.cli.report import print_lines
    from napari_jcc.sweep import describe_sameness, describe_unscored
    from napari_jcc.sweep.folder import CSV, FIGURE
    from napari_jcc.sweep.table import as_text

    titles, *rows = as_text(table)
    remarks = [
        row[-1] if point.has_answer else "failed"
        for row, point in zip(rows, table.points, strict=True)
    ]
    cells = [[*row[:-1], remark] for row, remark in zip(rows, remarks, strict=True)]
    heads = [title.replace(" ", "\n").replace(".", "\n.").split("\n") for title in titles]
    height = max(map(len, heads))
    titled = [[*head, *[""] * (height - len(head))] for head in heads]
    for line in align([*zip(*titled, strict=True), *cells]):
        typer.echo(line)
    typer.echo()
    base = table.base
    notes = base.notes if base is not None else ()
    lines = [("Warning", note) for note in notes[:_MOST_LINES]]
    failures = list(dict.fromkeys(point.error for point in table.points if point.error))
    lines += [("Failed", error) for error in failures[:_MOST_LINES]]
    if unscored := describe_unscored(table):
        lines.append(("Note", unscored))
    if same := describe_sameness(table):
        lines.append(("Note", same))
    lines += [("Look at", str(out / FIGURE)), ("Table", str(out / CSV))]
    print_lines(lines)


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Put cells under each other, numbers never cut; a narrow terminal breaks the lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        " ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]

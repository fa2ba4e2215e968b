"""``napari-jcc project``: look into a project file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.tables import as_written
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari_jcc.project import LoadReport, Project, ProjectHeader

app = typer.Typer(no_args_is_help=True, help="Look into a project file.")

_MOST_INPUTS = 20


@app.callback()
def project() -> None:
    """Look into a project file (.jcc)."""


@app.command()
def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A project (.jcc).")],
    root: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the images have moved to; searched with all its folders, by "
            "content.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="List all images, however many.")
    ] = False,
) -> None:
    """Tell what a project holds, and what is missing, has moved or has changed.

    Example: napari-jcc project info cows.jcc
    """
    from napari_jcc.project import load_project, read_header

    found, report = load_project(file, root)
    for line in describe(read_header(file), found, report, every):
        # Names of files need not be text, which a terminal may refuse.
        typer.echo(as_written(line))


def describe(
    header: ProjectHeader, project: Project, report: LoadReport, every: bool
) -> Iterator[str]:
    """List what is in a project, line by line."""
    saved = header.saved.astimezone().strftime("%Y-%m-%d %H:%M")
    yield f"Saved:    {saved} by napari-jcc {header.program_version}"
    if header.origin:
        yield f"Copy of:  {header.origin}"
    yield f"Images:   {header.images}, {header.answered} with a result"
    yield from _inputs(project, report, every)
    yield from _settings(project)
    edited = [key.name for key in project.edits.edited]
    yield f"Edits:    {len(project.edits)} on {count_of(len(edited), 'image')}" + (
        f": {', '.join(edited)}" if edited else ""
    )
    counts = Counter(project.statuses.get(name, "machine") for name in project.names)
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    yield f"Statuses: {told or 'none'}"
    if project.truth:
        yield f"Truth:    {project.truth}"
    for message in report.messages():
        yield f"Note:     {message}"
    if report.missing:
        yield "          --root FOLDER looks for missing images in a folder, by content."


def _inputs(project: Project, report: LoadReport, every: bool) -> Iterator[str]:
    states = {
        **dict.fromkeys(report.missing, "missing: "),
        **dict.fromkeys(report.moved, "moved to: "),
        **dict.fromkeys(report.changed, "changed: "),
    }
    shown = project.inputs if every else project.inputs[:_MOST_INPUTS]
    for image in shown:
        place = image.path or "in no file"
        yield f"  {image.name}: {states.get(image.name, '')}{place}"
    if len(shown) < len(project.inputs):
        yield f"  and {len(project.inputs) - len(shown)} more; --all lists them"


def _settings(project: Project) -> Iterator[str]:
    from napari_jcc.config import PRESETS, format_changes, get_preset
    from napari_jcc.config.presets import DEFAULT_PRESET

    base = project.preset if project.preset in PRESETS else DEFAULT_PRESET
    changed = format_changes(project.config, get_preset(base))
    yield f"Settings: preset {base}" + (", but" if changed else "")
    yield from (f"  {change}" for change in changed)

"""The commands of ``napari-jcc``, in the order of its help."""

from __future__ import annotations

from typing import Annotated

import typer

from napari_jcc import __version__
from napari_jcc.cli.benchmark import benchmark
from napari_jcc.cli.config import config
from napari_jcc.cli.evaluate import evaluate
from napari_jcc.cli.evaluate_matching import evaluate_matching
from napari_jcc.cli.export import export
from napari_jcc.cli.landmarks import landmarks
from napari_jcc.cli.match import match
from napari_jcc.cli.measure import measure
from napari_jcc.cli.project import app as project_app
from napari_jcc.cli.sample import sample
from napari_jcc.cli.segment import segment
from napari_jcc.cli.sweep import sweep
from napari_jcc.cli.train import train

app = typer.Typer(
    name="napari-jcc",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # "rich" keeps the line ends of docstrings
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="First steps: napari-jcc sample coins coins; "
    "napari-jcc segment coins/images -o out",
)
_COMMANDS = {
    "Masks and boxes": (segment, measure, export, sweep, evaluate, benchmark),
    "Points that match": (match, landmarks, train, evaluate_matching),
    "Images to try, settings, projects": (sample, config),
}
for panel, commands in _COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(project_app, name="project", rich_help_panel=panel)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"napari-jcc {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Find the object that a set of images shares: its mask and its box in every image."""

"""The command line that repeats a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_jcc.config import format_assignment
from napari_jcc.results.command import compose_command, preset_options
from napari_jcc.sweep.grid import Grid


def sweep_command(
    inputs: Sequence[str | Path], grid: Grid, preset: str, truth: Path | None
) -> str:
    """Write the command that tries the same settings.

    Returns
    -------
    str
        One line, quoted for a POSIX shell.
    """
    options = preset_options(grid.base, preset)
    for axis in grid.axes:
        written = (format_assignment(axis.path, value) for value in axis.values)
        values = ",".join(assignment.partition("=")[2] for assignment in written)
        options += ["--grid", f"{axis.path}={values}"]
    options += [] if truth is None else ["--truth", str(truth)]
    return compose_command("sweep", inputs, "sweep", options)

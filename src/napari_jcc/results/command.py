"""The command line that repeats a run, for the record and for "Copy command"."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from napari_jcc.config import JccConfig, closest_preset, format_changes, get_preset


def equivalent_command(
    inputs: Sequence[str | Path],
    out: str | Path,
    config: JccConfig,
    preset: str | None = None,
    *,
    recursive: bool = False,
    corrections: str | Path | None = None,
) -> str:
    """Write the command that gives the same masks and boxes.

    Parameters
    ----------
    inputs
        Image files and folders.
    out
        Folder for the results.
    config
        All settings; only those that differ from the preset are written.
    preset
        Preset to start from; the one with the fewest differences when not given.
    recursive
        Whether folders are searched with their subfolders.
    corrections
        Project whose corrections teach the images.

    Returns
    -------
    str
        One line, quoted for a POSIX shell.

    Raises
    ------
    ConfigError
        If there is no such preset.
    """
    name = closest_preset(config) if preset is None else preset
    options = preset_options(config, name)
    if corrections is not None:
        options = ["--corrections", as_argument(corrections), *options]
    return compose_command("segment", inputs, out, options, recursive=recursive)


def compose_command(
    verb: str,
    inputs: Sequence[str | Path],
    out: str | Path,
    options: Iterable[str],
    *,
    recursive: bool = False,
) -> str:
    """Write one of our commands that take images and write to a place."""
    words = ["napari-jcc", verb, *map(as_argument, inputs), "--output", as_argument(out)]
    words += ["--recursive"] if recursive else []
    return shlex.join([*words, *options])


def preset_options(config: JccConfig, preset: str) -> list[str]:
    """Write settings as a preset and what differs from it."""
    return ["--preset", preset, *as_options(format_changes(config, get_preset(preset)))]


def as_options(assignments: Iterable[str]) -> list[str]:
    """Write assignments as the options ``--set`` that make them."""
    return [word for assignment in assignments for word in ("--set", assignment)]


def as_argument(path: str | Path) -> str:
    """Write a path so that it is never taken for an option, as ``-name`` would be."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text

"""The command lines that train and match again, for records and for "Copy command"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_jcc.config import MatchConfig, format_changes
from napari_jcc.matching.outputs.set_matcher import SetMatcher
from napari_jcc.results.command import as_argument, as_options, compose_command


def train_command(
    inputs: Sequence[str | Path],
    output: str | Path,
    config: MatchConfig,
    *,
    resume: bool = False,
    recursive: bool = False,
) -> str:
    """Write the command that trains under these settings, or goes on with it.

    Parameters
    ----------
    inputs
        Image files and folders.
    output
        The checkpoint.
    config
        All settings; only those that are not the defaults are written, and none with
        `resume`, which takes them from the checkpoint.
    resume
        Whether to go on from the checkpoint.
    recursive
        Whether folders are searched with their subfolders.

    Returns
    -------
    str
        One line, quoted for a POSIX shell.
    """
    changed = as_options(format_changes(config, MatchConfig()))
    options = ["--resume"] if resume else changed
    return compose_command("train", inputs, output, options, recursive=recursive)


def match_command(
    inputs: Sequence[str | Path],
    out: str | Path,
    matcher: SetMatcher,
    pairs: str = "all",
    *,
    warped: bool = True,
    recursive: bool = False,
) -> str:
    """Write the command that gives the same files.

    Parameters
    ----------
    inputs
        Image files and folders.
    out
        Folder for the results.
    matcher
        What matched.
    pairs
        As in `choose_pairs`.
    warped
        Whether warped images are written.
    recursive
        Whether folders are searched with their subfolders.

    Returns
    -------
    str
        One line, quoted for a POSIX shell.
    """
    checkpoint = matcher.origin.get("checkpoint")
    options = ["--checkpoint", as_argument(checkpoint)] if checkpoint else []
    options += [] if pairs == "all" else ["--pairs", pairs]
    options += [] if warped else ["--no-warped"]
    options += as_options(format_changes(matcher.config, matcher.base))
    return compose_command("match", inputs, out, options, recursive=recursive)

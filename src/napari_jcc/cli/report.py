"""What a command tells in the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from napari_jcc.collection import describe_skipped
from napari_jcc.results import JccResult
from napari_jcc.results.hints import describe_measured, name_doubtful, suggest_settings
from napari_jcc.results.names import OVERVIEW, RECORD
from napari_jcc.words import list_some

if TYPE_CHECKING:
    from napari_jcc.evaluation import Evaluation

_MOST_LINES = 10


def show_summary(result: JccResult, out: Path) -> None:
    """Print what a run found, left out and took, where it is, and what to do next."""
    lines = [("Images", _count_images(result))]
    lines += [("Skipped", line) for line in _cut(describe_skipped(result.skipped))]
    lines += [("Warning", line) for line in _cut(result.warnings)]
    if measured := describe_measured(result):
        lines.append(("Objects", measured))
    if hint := suggest_settings(result):
        lines.append(("Hint", hint))
    if result.seconds:
        lines.append(("Seconds", _list_seconds(result)))
    if doubtful := name_doubtful(result):
        lines.append(("Check", f"{doubtful}; {RECORD} has it for all."))
    measure = shlex.join(["napari-jcc", "measure", str(out)])
    evaluate = shlex.join(["napari-jcc", "evaluate", str(out), "--truth"])
    lines += [
        ("Results", str(out)),
        ("Look at", str(out / OVERVIEW)),
        ("Next", f"{measure}, or {evaluate} FOLDER_OF_TRUE_MASKS"),
    ]
    print_lines(lines)


def print_lines(lines: Iterable[tuple[str, str]]) -> None:
    """Print labels and what they are about, a line each."""
    console = Console()
    # Not as a table of rich, which would break paths and commands at the edge.
    for label, line in lines:
        text = Text.assemble((f"{label:<9}", "bold"), line.replace("\n", " "))
        console.print(text, soft_wrap=True)


def show_scores(scores: Evaluation) -> None:
    """Print a table with one row per image and the means, and what has no truth."""
    console = Console()
    titles, *rows, means = scores.as_table()
    table = Table()
    for number, title in enumerate(titles):
        table.add_column(
            Text(title), justify="right" if number else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*map(Text, row))
    table.add_section()
    table.add_row(*map(Text, means), style="bold")
    console.print(table)
    if scores.missing:
        missing = list_some(scores.missing, _MOST_LINES)
        console.print(Text(f"Without truth, not counted: {missing}"))


def _count_images(result: JccResult) -> str:
    empty = sum(not image.mask.any() for image in result.images)
    return f"{len(result.images)} done" + (f", {empty} without object" if empty else "")


def _list_seconds(result: JccResult) -> str:
    stages = ", ".join(f"{name} {value:.1f}" for name, value in result.seconds.items())
    return f"{sum(result.seconds.values()):.1f} ({stages})"


def _cut(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    rest = [f"and {more} more, all in {RECORD}"] if more > 0 else []
    return [*lines[:_MOST_LINES], *rest]

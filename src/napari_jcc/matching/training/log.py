"""The record of a training run: one JSON object per line, and whoever wants to watch."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from napari_jcc.atomic import explained, replacing

logger = logging.getLogger(__name__)

Record: TypeAlias = Mapping[str, float | int | str]
"""``stage``, ``step`` (from 1), ``steps``, ``seconds`` since the stage was begun or
resumed, ``learning_rate``, and the mean of every loss term; in the record of a check
``check.<term>`` instead, and ``best_step``, the step whose weights are the best so far."""


class TrainingLog:
    """Writes records to a file and hands them on.

    Parameters
    ----------
    output
        The checkpoint, in a folder that is there; lines are added to `log_file`.
    watch
        Called with every record, for plots and terminals.
    """

    def __init__(self, output: Path, watch: Callable[[Record], None] | None = None) -> None:
        self._path = log_file(output)
        self._watch = watch

    def rewind(self, position: tuple[int, int], stages: list[str]) -> None:
        """Drop the records after `position`, number of stage and steps done in it.

        A run that was killed may have written records of steps that will come again.
        """
        if not self._path.is_file():
            return
        kept = [
            line
            for line in self._path.read_text(encoding="utf-8").splitlines()
            if _place(line, stages) <= position
        ]
        with explained(self._path, "the log"), replacing(self._path) as file:
            file.write("".join(f"{line}\n" for line in kept).encode())

    def write(self, record: Record) -> None:
        """Add a record."""
        with (
            explained(self._path, "the log"),
            self._path.open("a", encoding="utf-8") as file,
        ):
            file.write(json.dumps(dict(record)) + "\n")
        logger.debug("%s", record)
        if self._watch is not None:
            self._watch(record)


def log_file(output: Path) -> Path:
    """Return the file with the records of a training, beside its checkpoint."""
    return output.with_name(f"{output.name}.jsonl")


def read_records(output: Path) -> list[dict[str, Any]]:
    """Read the records beside a checkpoint; lines that were cut off are left out."""
    try:
        lines = log_file(output).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [record for line in lines if (record := _parse(line)) is not None]


def _parse(line: str) -> dict[str, Any] | None:
    """Return the record in a line; None of one that was cut off."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    is_whole = isinstance(record, dict) and {"stage", "step"} <= record.keys()
    return record if is_whole else None


def _place(line: str, stages: list[str]) -> tuple[int, int]:
    """Stage number and step of a line; one that was cut off comes last."""
    record = _parse(line)
    if record is None or record["stage"] not in stages:
        return len(stages), 0
    return stages.index(record["stage"]), record["step"]

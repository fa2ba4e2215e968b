"""All finished points of a sweep, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from napari_jcc.config import changed_settings
from napari_jcc.evaluation import LOCALIZED_IOU, TITLES, best_iou
from napari_jcc.evaluation.scores import OBJECT_TITLES
from napari_jcc.pipeline.cache import digest
from napari_jcc.sweep.grid import UNCHANGING, Grid, Index
from napari_jcc.sweep.point import SweepPoint
from napari_jcc.tables import format_csv, format_markdown_table

MEASURES = {
    **TITLES,
    "f1": OBJECT_TITLES["f1"],
    "ap": OBJECT_TITLES["ap"],
    "object_count": "objects",
    "foreground_share": "object share",
    "stability": "stability",
    "boxes_changed": "boxes changed",
    "objective": "energy",
    "seconds": "seconds",
}
"""Short title of every number in the table, in its order."""

_KEY_LENGTH = 16


class SweepTable:
    """Points of a grid as far as they are finished, and how they compare.

    May be read in one thread while another adds points.

    Parameters
    ----------
    grid
        What is tried.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._found: dict[str, SweepPoint] = {}

    @property
    def points(self) -> tuple[SweepPoint, ...]:
        """Finished points in the order of the grid; a base outside of it comes first."""
        found = self._found
        return tuple(sorted(found.values(), key=lambda point: point.index or ()))

    @property
    def base(self) -> SweepPoint | None:
        """The point of the settings that the sweep starts from, once it is finished."""
        return self._found.get(self.key(self.grid.base_index))

    def at(self, index: Index | None) -> SweepPoint | None:
        """Return the finished point at a place of the grid, the base for None."""
        return self._found.get(self.key(index))

    def key(self, index: Index | None) -> str:
        """Name of a point: made of what it changes in the base."""
        base = self.grid.parameters(None)
        parameters = self.grid.parameters(index)
        changes = {path: v for path, v in parameters.items() if v != base[path]}
        return digest("sweep point", changes)[:_KEY_LENGTH]

    def add(self, points: Iterable[SweepPoint]) -> None:
        """Add finished points, and bring up to date those that they are compared with."""
        new = list(points)
        found = {**self._found, **{point.key: point for point in new}}
        stale: set[Index | None] = {point.index for point in new}
        for point in new:
            if point.index is not None:
                stale.update(self.grid.neighbours(point.index))
        base = self.key(self.grid.base_index)
        keys = found if base in {point.key for point in new} else map(self.key, stale)
        fresh = {key: self._compare(found[key], found) for key in keys if key in found}
        # One assignment, so that a reader in another thread sees all or nothing.
        self._found = {**found, **fresh}

    def take_over(self, former: SweepTable) -> None:
        """Add the points of another sweep of the same images that belong in this one.

        Those with an answer, if both sweeps start from the same settings; `former` may have
        other values and axes.
        """
        changes = changed_settings(self.grid.base, former.grid.base)
        if not all(path.startswith(f"{UNCHANGING}.") for path in changes):
            return
        places: list[Index | None] = list(self.grid.indices())
        places += [None] if self.grid.base_index is None else []
        found = {index: former._found.get(self.key(index)) for index in places}
        self.add(
            replace(point, index=index, parameters=self.grid.parameters(index))
            for index, point in found.items()
            if point is not None and point.has_answer
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return one mapping per point: key, base or not, parameters, measures, error."""
        base = self.key(self.grid.base_index)
        return [
            {
                "point": point.key,
                "base": "yes" if point.key == base else "no",
                **{path: _plain(value) for path, value in point.parameters.items()},
                **measure_point(point),
                "error": point.error,
                "command": point.command,
            }
            for point in self.points
        ]

    def to_csv(self) -> str:
        """Write the rows as CSV; what a point has no value for is empty."""
        axes = (axis.path for axis in self.grid.axes)
        columns = ["point", "base", *axes, *MEASURES, "error", "command"]
        rows = [[row.get(column) for column in columns] for row in self.rows()]
        return format_csv([columns, *rows])

    def to_markdown(self) -> str:
        """Write the rows for people; see `as_text`."""
        return format_markdown_table(as_text(self)) + "\n"

    def _compare(self, point: SweepPoint, found: Mapping[str, SweepPoint]) -> SweepPoint:
        """Fill in what depends on other points."""
        if not point.has_answer:
            return point
        neighbours = [] if point.index is None else self.grid.neighbours(point.index)
        others = [found.get(self.key(index)) for index in neighbours]
        overlaps = [
            point.masks.mean_iou(other.masks)
            for other in others
            if other is not None and other.has_answer
        ]
        known = [overlap for overlap in overlaps if overlap is not None]
        return replace(
            point,
            stability=float(np.mean(known)) if known else None,
            boxes_changed=count_changed(point, found.get(self.key(self.grid.base_index))),
        )


def as_text(table: SweepTable) -> list[list[str]]:
    """Return titles and rows in words, without columns that are empty everywhere.

    The last column says which row is the base, and why a point failed.
    """
    rows = table.rows()
    shown = {
        name: title
        for name, title in MEASURES.items()
        if any(row[name] is not None for row in rows)
    }
    paths = [axis.path for axis in table.grid.axes]
    text = [[*paths, *shown.values(), ""]]
    for row in rows:
        remark = row["error"] or ("base" if row["base"] == "yes" else "")
        numbers = (format_measure(name, row[name]) for name in shown)
        text.append([*(_shorten(row[path]) for path in paths), *numbers, remark])
    return text


def count_changed(point: SweepPoint, base: SweepPoint | None) -> int | None:
    """Count the images whose box is another one than the base's."""
    if base is None or not base.has_answer:
        return None
    shared = [name for name in point.boxes if name in base.boxes]
    return sum(_differs(point.boxes[name], base.boxes[name]) for name in shared)


def measure_point(point: SweepPoint) -> dict[str, float | None]:
    """Return every number of `MEASURES`, None where there is none."""
    return {
        name: getattr(point, name) if hasattr(point, name) else point.scores.get(name)
        for name in MEASURES
    }


def format_measure(name: str, value: float | None) -> str:
    """Write a number of the table as short as it stays meaningful."""
    if value is None:
        return "-"
    if name == "objective":
        return f"{value:.4g}"
    if name in ("seconds", "object_count"):
        return f"{value:.1f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _differs(box: Any, other: Any) -> bool:
    absent, others_absent = np.isnan(box).any(), np.isnan(other).any()
    if absent or others_absent:
        return bool(absent != others_absent)
    return best_iou(box, other) <= LOCALIZED_IOU


def _plain(value: Any) -> Any:
    """Value as the command line takes it."""
    if isinstance(value, tuple):
        return "+".join(map(str, value))
    return value


def _shorten(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def describe_unscored(table: SweepTable) -> str:
    """Say that only some points were scored; empty if all were, or none."""
    points = [point for point in table.points if point.has_answer]
    unscored = sum(not point.scores for point in points)
    if unscored in (0, len(points)):
        return ""
    return (
        f"{unscored} of {len(points)} points have no scores, as no truth was given when "
        "they were computed. Give it again (--truth) to score all."
    )


SAME = 0.9995
"""Stability from which the table reads 1.000: no difference can be seen."""

_REFINEMENT, _UNREFINED = "decode.refinement", "none"
_OTHER = "superpixels.count"


def describe_sameness(table: SweepTable) -> str:
    """Say that all points give the same masks, and what to try; empty if they differ.

    Parameters
    ----------
    table
        Points of a sweep; those that failed, and a base outside the grid, do not count.
    """
    points = [p for p in table.points if p.has_answer and p.index is not None]
    known = [point.stability for point in points if point.stability is not None]
    if not known or min(known) < SAME:
        return ""
    if len({point.object_count for point in points}) > 1:
        return ""  # the masks are the same, but divided into objects otherwise
    first = points[0].masks.packed
    nearly = "" if all(point.masks.packed == first for point in points) else "nearly "
    return f"All {len(points)} points give {nearly}the same masks. {_advise(table)}"


def _advise(table: SweepTable) -> str:
    """Say what else may show a difference."""
    varied = {axis.path for axis in table.grid.axes}
    example = "" if _OTHER in varied else f", such as {_OTHER}"
    instead = f"sweep a wider range or another setting{example}."
    refinement = table.grid.base.decode.refinement
    if _REFINEMENT in varied or refinement == _UNREFINED:
        return instead[0].upper() + instead[1:]
    return (
        f"The refinement ({refinement}) redraws every mask, which hides small differences: "
        f"set {_REFINEMENT} to {_UNREFINED} to see them, or {instead}"
    )

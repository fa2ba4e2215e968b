"""The measures of a sweep against its settings: curves, or maps of two settings."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from napari_jcc.evaluation import TITLES
from napari_jcc.sweep.grid import Axis, Index
from napari_jcc.sweep.table import MEASURES, SweepTable, format_measure, measure_point

# The colours of Okabe and Ito, which nearly all eyes tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#5a5a60")
BASE_COLOUR = COLOURS[1]

_PANELS = (
    tuple(TITLES),
    ("f1", "ap"),
    ("object_count",),
    ("foreground_share", "stability"),
    ("boxes_changed",),
    ("objective",),
)
"""Measures that share a scale."""

_MOST_TICKS = 9
_MOST_CELLS = 12
"""Values of a setting beyond which the cells of a map are too narrow for numbers."""


def draw_sweep(table: SweepTable) -> Figure:
    """Draw the finished points of a sweep.

    One setting gives curves, two give a map per measure, more give the points against each
    setting alone. The base is marked: a dashed line, or a frame.
    """
    figure = Figure(layout="constrained")
    if len(table.grid.axes) == 2:
        _draw_maps(figure, table)
    else:
        _draw_panels(figure, table)
    figure.suptitle(describe(table), fontsize="medium")
    return figure


def to_png(figure: Figure) -> bytes:
    """Return a figure as the content of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


def describe(table: SweepTable) -> str:
    """Say in a line what is shown."""
    done = sum(point.index is not None for point in table.points)
    paths = ", ".join(axis.path for axis in table.grid.axes)
    return f"{paths}: {done} of {len(table.grid)} points"


def draw_curves(
    axes: Axes, table: SweepTable, names: Sequence[str], column: int = 0
) -> None:
    """Draw measures against one setting, its values evenly spaced in their order."""
    setting, shown = table.grid.axes[column], []
    joined = setting.is_numeric and len(table.grid.axes) == 1
    for name, colour in zip(names, COLOURS, strict=False):
        known = {
            index: value
            for index, value in measure_points(table, name).items()
            if value is not None
        }
        places = [index[column] for index in known]
        shown += _limits(name, list(known.values()))
        axes.plot(
            places,
            list(known.values()),
            "o-" if joined else "o",
            color=colour,
            markersize=4,
            label=MEASURES[name],
        )
    for point in table.points:
        if point.error and point.index is not None:
            axes.axvline(point.index[column], ymax=0.06, color=BASE_COLOUR, linewidth=3)
    base = table.grid.base_index
    if base is not None:
        axes.axvline(base[column], color="gray", linewidth=1, linestyle="--")
    if shown:
        room = 0.08 * (max(shown) - min(shown))
        axes.set_ylim(min(shown) - room, max(shown) + room)
    axes.set_xlim(-0.5, len(setting.values) - 0.5)
    axes.set_xlabel(setting.path)
    axes.xaxis.set_ticks(*_ticks(setting))
    axes.grid(axis="y", alpha=0.3)


def draw_map(axes: Axes, table: SweepTable, name: str) -> None:
    """Draw one measure over two settings: the first across, the second downwards.

    A frame marks the base, a cross a point that failed. Colours run from the lowest (dark)
    to the highest number (light).
    """
    first, second = table.grid.axes
    found = measure_points(table, name)
    values = np.full(table.grid.shape, np.nan)
    for index, value in found.items():
        if value is None:
            axes.plot(*index, "x", color="gray")
        else:
            values[index] = value
    low, high = _limits(name, [value for value in found.values() if value is not None])
    image = axes.imshow(values.T, cmap="viridis", aspect="auto", vmin=low, vmax=high)
    if max(table.grid.shape) <= _MOST_CELLS:
        bright = image.to_rgba(values)[..., 1] > 0.6
        for (x, y), value in np.ndenumerate(values):
            if np.isfinite(value):
                axes.annotate(
                    format_measure(name, found[x, y]),
                    (x, y),
                    color="black" if bright[x, y] else "white",
                    fontsize="x-small",
                    ha="center",
                    va="center",
                )
    if table.grid.base_index is not None:
        frame_cell(axes, table.grid.base_index, BASE_COLOUR)
    axes.set_xlabel(first.path)
    axes.set_ylabel(second.path)
    axes.xaxis.set_ticks(*_ticks(first))
    axes.yaxis.set_ticks(*_ticks(second))


def frame_cell(axes: Axes, index: Index, colour: str) -> Rectangle:
    """Draw a frame around a cell of a map."""
    corner = index[0] - 0.47, index[1] - 0.47
    frame = Rectangle(corner, 0.94, 0.94, fill=False, edgecolor=colour, linewidth=2)
    axes.add_patch(frame)
    return frame


def measure_points(table: SweepTable, name: str) -> dict[Index, float | None]:
    """Return a measure of all finished points by place; None where a point has none."""
    return {
        point.index: measure_point(point)[name]
        for point in table.points
        if point.index is not None
    }


def _limits(name: str, values: list[float]) -> list[float]:
    """Find ends of a scale on which what reads the same does not look different."""
    if not values:
        return [0.0, 1.0]
    low, high = float(min(values)), float(max(values))
    if format_measure(name, low) == format_measure(name, high):
        room = 0.05 * abs(high) or 1.0
        low, high = low - room, high + room
    return [low, high]


def _draw_maps(figure: Figure, table: SweepTable) -> None:
    names = _measured(table)
    columns = max(1, min(3, len(names)))
    grid = _divide(figure, math.ceil(len(names) / columns), columns)
    for axes, name in zip(grid.flat, names, strict=False):
        axes.set_title(MEASURES[name], fontsize="medium")
        draw_map(axes, table, name)
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()


def _draw_panels(figure: Figure, table: SweepTable) -> None:
    """Draw a row for measures of one kind, a column for every setting."""
    measured = _measured(table)
    rows = [[name for name in names if name in measured] for names in _PANELS]
    rows = [names for names in rows if names]
    grid = _divide(figure, len(rows), len(table.grid.axes))
    for (row, column), axes in np.ndenumerate(grid):
        draw_curves(axes, table, rows[row], column)
        axes.legend(fontsize="small")


def _divide(figure: Figure, rows: int, columns: int) -> Any:
    """Give every panel the same room, and the title some above them."""
    figure.set_size_inches(4.8 * columns, 0.5 + 2.6 * max(1, rows))
    if rows == 0:
        return np.empty((0, columns), dtype=object)
    return np.asarray(figure.subplots(rows, columns, squeeze=False))


def _measured(table: SweepTable) -> list[str]:
    """Measures that a point has a number for; how long it took is no result."""
    rows = [measure_point(point) for point in table.points if point.index is not None]
    return [
        name
        for name in MEASURES
        if name != "seconds" and any(row[name] is not None for row in rows)
    ]


def _ticks(setting: Axis) -> tuple[list[int], list[str]]:
    """Places and names of the values of a setting, as many as there is room for."""
    count = len(setting.values)
    places = list(range(0, count, math.ceil(count / _MOST_TICKS)))
    return places, [_write_value(setting.values[place]) for place in places]


def _write_value(value: Any) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none"

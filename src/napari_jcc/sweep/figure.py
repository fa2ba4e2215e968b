"""The measures of a sweep against its settings: curves, or maps of two settings."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from napari_jcc.evaluation import TITLES
from napari_jcc.sweep.canvas import FAINT, INK, PAPER, RULE, Canvas, Colour
from napari_jcc.sweep.grid import Axis
from napari_jcc.sweep.heat import draw_maps
from napari_jcc.sweep.scale import Kind, Scale, axis_scale, value_scale
from napari_jcc.sweep.table import MEASURES, SweepTable, measure_point

# The colours of Okabe and Ito, which nearly all eyes tell apart.
_COLOURS: tuple[Colour, ...] = (
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (90, 90, 96),
)
_WIDTH, _HEIGHT = 480, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 96, 34, 44
_TITLE = 44
_PANELS: tuple[tuple[str, tuple[str, ...], Kind], ...] = (
    ("against the truth", tuple(TITLES), "share"),
    ("masks", ("foreground_share", "stability"), "share"),
    ("images with another box than the base", ("boxes_changed",), "count"),
    ("energy", ("objective",), "number"),
)


@dataclass(frozen=True)
class _Panel:
    """Some measures that share a scale."""

    title: str
    names: tuple[str, ...]
    kind: Kind


def draw_sweep(table: SweepTable) -> Image.Image:
    """Draw the finished points of a sweep.

    One setting gives curves, two give a map per measure, more give the points against each
    setting alone. The base is marked: a dashed line, or a frame.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    if len(table.grid.axes) == 2:
        return draw_maps(table)
    panels = _choose_panels(table)
    width, height = _WIDTH * len(table.grid.axes), _TITLE + _HEIGHT * len(panels)
    canvas = Canvas(width, max(height, _TITLE + 20))
    canvas.text((_LEFT, _TITLE / 2), describe(table), INK, 13, longest=width - _LEFT - 20)
    for row, panel in enumerate(panels):
        for column in range(len(table.grid.axes)):
            corner = column * _WIDTH, _TITLE + row * _HEIGHT
            _draw_panel(canvas, corner, table, column, panel)
    return canvas.finish()


def to_png(picture: Image.Image) -> bytes:
    """Return a picture as the content of a PNG file."""
    file = io.BytesIO()
    picture.save(file, format="png")
    return file.getvalue()


def describe(table: SweepTable) -> str:
    """Say in a line what is shown."""
    done = sum(point.index is not None for point in table.points)
    paths = ", ".join(axis.path for axis in table.grid.axes)
    return f"{paths}: {done} of {len(table.grid)} points"


def _choose_panels(table: SweepTable) -> list[_Panel]:
    """Leave out measures without a number."""
    rows = [measure_point(point) for point in table.points]
    panels = []
    for title, names, kind in _PANELS:
        shown = [name for name in names if any(row[name] is not None for row in rows)]
        if shown:
            panels.append(_Panel(title, tuple(shown), kind))
    return panels


def _draw_panel(
    canvas: Canvas, corner: tuple[int, int], table: SweepTable, column: int, panel: _Panel
) -> None:
    axis = table.grid.axes[column]
    left, right = corner[0] + _LEFT, corner[0] + _WIDTH - _RIGHT
    top, bottom = corner[1] + _TOP, corner[1] + _HEIGHT - _BOTTOM
    base = table.grid.parameters(None)[axis.path]
    across = axis_scale(axis, base, left + 10, right - 10)
    curves = _collect(table, column, panel)
    numbers = [value for curve in curves.values() for _, value in curve]
    up = value_scale(numbers, panel.kind, bottom, top + 8)
    canvas.text((left, corner[1] + _TOP - 16), panel.title, INK, 12)
    for value, text in up.ticks:
        y = up.place(value)
        canvas.line([(left, y), (right, y)], RULE)
        canvas.text((left - 6, y), text, FAINT, 10, "rm")
    _draw_bottom(canvas, across, axis, (left, right, bottom))
    _draw_base(canvas, across, base, (top, bottom))
    joined = len(table.grid.axes) == 1 and axis.is_numeric
    for number, curve in enumerate(curves.values()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [(across.place(value), up.place(height)) for value, height in curve]
        if joined and len(places) > 1:
            canvas.line(places, colour, 2)
        for place in places:
            canvas.dot(place, colour)
    _draw_failures(canvas, across, table, column, bottom)
    _label_curves(canvas, curves, up, right)


def _collect(
    table: SweepTable, column: int, panel: _Panel
) -> dict[str, list[tuple[Any, float]]]:
    """Pairs of setting and number by measure, in the order of the setting."""
    axis = table.grid.axes[column]
    found: dict[str, list[tuple[Any, float]]] = {name: [] for name in panel.names}
    for point in table.points:
        if point.index is None:
            continue
        measures = measure_point(point)
        for name in panel.names:
            value = measures[name]
            if value is not None:
                found[name].append((axis.values[point.index[column]], float(value)))
    return found


def _draw_bottom(
    canvas: Canvas, across: Scale, axis: Axis, sides: tuple[float, float, float]
) -> None:
    left, right, bottom = sides
    canvas.line([(left, bottom), (right, bottom)], FAINT)
    end = -math.inf
    for value, text in across.ticks:
        x, half = across.place(value), canvas.text_width(text, 10) / 2
        canvas.line([(x, bottom), (x, bottom + 4)], FAINT)
        if x - half > end + 6:
            canvas.text((x, bottom + 12), text, FAINT, 10, "mm")
            end = x + half
    canvas.text(((left + right) / 2, bottom + 28), axis.path, INK, 11, "mm")


def _draw_base(
    canvas: Canvas, across: Scale, base: Any, sides: tuple[float, float]
) -> None:
    if not across.holds(base):
        return
    x, (top, bottom) = across.place(base), sides
    y = top
    while y < bottom:
        canvas.line([(x, y), (x, min(y + 4, bottom))], FAINT)
        y += 8
    canvas.text((x, top - 4), "base", FAINT, 9, "mm")


def _draw_failures(
    canvas: Canvas, across: Scale, table: SweepTable, column: int, bottom: float
) -> None:
    axis = table.grid.axes[column]
    for point in table.points:
        if point.error and point.index is not None:
            x = across.place(axis.values[point.index[column]])
            canvas.cross((x, bottom), _COLOURS[1])


def _label_curves(
    canvas: Canvas,
    curves: dict[str, list[tuple[Any, float]]],
    up: Scale,
    right: float,
) -> None:
    """Write the name of every curve beside its end, none over another."""
    ends = [
        (up.place(curve[-1][1]), name, _COLOURS[number % len(_COLOURS)])
        for number, (name, curve) in enumerate(curves.items())
        if curve
    ]
    for y, (_, name, colour) in zip(
        _spread([end for end, _, _ in sorted(ends)], 13), sorted(ends), strict=True
    ):
        canvas.box((right + 6, y - 4), (right + 14, y + 4), colour, PAPER)
        canvas.text((right + 18, y), MEASURES[name], INK, 10)


def _spread(places: Sequence[float], gap: float) -> list[float]:
    """Move ascending places apart until none is closer than `gap` to the next."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap) if moved else place)
    shift = (moved[-1] - places[-1]) / 2 if moved else 0
    return [place - shift for place in moved]

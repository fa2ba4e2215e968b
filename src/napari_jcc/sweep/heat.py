"""Maps of every measure over two settings."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image

from napari_jcc.sweep.canvas import FAINT, INK, RULE, Canvas, Colour
from napari_jcc.sweep.grid import Axis
from napari_jcc.sweep.scale import format_value
from napari_jcc.sweep.table import MEASURES, SweepTable, format_measure, measure_point

_CELL_WIDTH, _CELL_HEIGHT = 54, 34
_SMALLEST, _LARGEST = 8, 480
_LEFT, _RIGHT, _TOP, _BOTTOM, _TITLE = 110, 24, 34, 52, 40
_COLUMNS = 3
_FRAME: Colour = (213, 94, 0)


def draw_maps(table: SweepTable) -> Image.Image:
    """Draw one map per measure: first setting downwards, second across.

    The frame marks the base, a cross a point that failed. Colours run from the lowest
    (dark) to the highest number (light) of each measure.
    """
    shown = _choose_measures(table)
    rows, columns = table.grid.shape
    cell = (
        min(_CELL_WIDTH, max(_SMALLEST, _LARGEST / columns)),
        min(_CELL_HEIGHT, max(_SMALLEST, _LARGEST / rows)),
    )
    width = _LEFT + _RIGHT + max(160, math.ceil(columns * cell[0]))
    height = _TOP + _BOTTOM + math.ceil(rows * cell[1])
    across = max(1, min(_COLUMNS, len(shown)))
    down = max(1, math.ceil(len(shown) / across))
    canvas = Canvas(across * width, _TITLE + down * height)
    first, second = table.grid.axes
    title = f"{first.path} (down), {second.path} (across)"
    limit = across * width - 40
    canvas.text((20, _TITLE / 2), title, INK, 13, longest=limit)
    for number, name in enumerate(shown):
        corner = (number % across) * width, _TITLE + (number // across) * height
        _draw_map(canvas, corner, table, name, cell)
    return canvas.finish()


def _choose_measures(table: SweepTable) -> list[str]:
    rows = [measure_point(point) for point in table.points if point.index is not None]
    return [
        name
        for name in MEASURES
        if name != "seconds" and any(row[name] is not None for row in rows)
    ]


def _draw_map(
    canvas: Canvas,
    corner: tuple[float, float],
    table: SweepTable,
    name: str,
    cell: tuple[float, float],
) -> None:
    left, top = corner[0] + _LEFT, corner[1] + _TOP
    canvas.text((left, top - 14), MEASURES[name], INK, 12)
    _draw_ticks(canvas, (left, top), table.grid.axes, cell)
    values = {
        point.index: measure_point(point)[name]
        for point in table.points
        if point.index is not None
    }
    known = [value for value in values.values() if value is not None]
    low, high = min(known), max(known)
    for index in table.grid.indices():
        x, y = left + index[1] * cell[0], top + index[0] * cell[1]
        corners = (x, y), (x + cell[0] - 1, y + cell[1] - 1)
        value = values.get(index)
        if value is None:
            canvas.box(*corners, outline=RULE)
            if index in values:
                canvas.cross((x + cell[0] / 2, y + cell[1] / 2), FAINT)
            continue
        colour = _shade((value - low) / (high - low) if high > low else 0.5)
        canvas.box(*corners, fill=colour)
        text = format_measure(name, value)
        if canvas.text_width(text, 10) < cell[0] - 4 and cell[1] >= 14:
            middle = (x + cell[0] / 2, y + cell[1] / 2)
            canvas.text(middle, text, _contrast(colour), 10, "mm")
    if table.grid.base_index is not None:
        row, column = table.grid.base_index
        x, y = left + column * cell[0], top + row * cell[1]
        canvas.box((x, y), (x + cell[0] - 1, y + cell[1] - 1), outline=_FRAME, width=2)


def _draw_ticks(
    canvas: Canvas,
    corner: tuple[float, float],
    axes: tuple[Axis, ...],
    cell: tuple[float, float],
) -> None:
    left, top = corner
    first, second = axes
    end = -math.inf
    for number, value in enumerate(first.values):
        y = top + (number + 0.5) * cell[1]
        if y > end + 13:
            text = format_value(value)
            canvas.text((left - 6, y), text, FAINT, 10, "rm", longest=_LEFT - 20)
            end = y
    bottom, end = top + len(first.values) * cell[1], -math.inf
    for number, value in enumerate(second.values):
        text = format_value(value)
        half = min(canvas.text_width(text, 10), cell[0] * 1.5) / 2
        x = left + (number + 0.5) * cell[0]
        if x - half > end + 4:
            canvas.text((x, bottom + 10), text, FAINT, 10, "mm", longest=2 * half)
            end = x + half
    middle = left + len(second.values) * cell[0] / 2
    canvas.text((middle, bottom + 26), second.path, INK, 11, "mm")
    canvas.text((left - 6, top - 14), first.path, INK, 11, "rm", longest=_LEFT - 10)


def _shade(share: float) -> Colour:
    level = np.array([[round(255 * share)]], dtype=np.uint8)
    blue, green, red = cv2.applyColorMap(level, cv2.COLORMAP_VIRIDIS)[0, 0]
    return int(red), int(green), int(blue)


def _contrast(colour: Colour) -> Colour:
    bright = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] > 130
    return INK if bright else (255, 255, 255)

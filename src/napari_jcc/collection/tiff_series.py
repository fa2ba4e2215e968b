"""What the pages of a TIFF are: images on axes, or channels of one image."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from tifffile import TiffFile, TiffPageSeries

from napari_jcc.collection.axes import Axis
from napari_jcc.collection.layout import Layout
from napari_jcc.collection.tiff_calibration import Calibration

_POSITION = "p"
_NAMELESS = {"i", "q"}
"""Axes of tifffile that say nothing but that there is one."""


Part: TypeAlias = tuple[int, TiffPageSeries, Layout]
"""A series that holds images, and its number in the file."""


def image_series(file: TiffFile) -> Iterator[Part]:
    """List the series of a file that hold images."""
    for number, series in enumerate(file.series):
        if {"X", "Y"} <= set(series.axes) and math.prod(series.shape) > 0:
            yield number, series, Layout(series.axes, tuple(series.shape))


def find_axes(parts: list[Part], calibration: Calibration) -> tuple[Axis, ...] | None:
    """Find the axes that all images of a file lie on, if any of them has a name.

    Several equal series of OME are positions.
    """
    if len({(layout, series.dtype, series.kind) for _, series, layout in parts}) != 1:
        return None
    (number, series, layout), *others = parts
    if others and series.kind != "ome":
        return None
    counting = [(layout.axes[i], layout.shape[i]) for i in layout.image_axes]
    counting = [("R", len(parts))] * bool(others) + counting
    axes = tuple(
        Axis(_POSITION if letter == "R" else letter.lower(), length, *step)
        for letter, length in counting
        if length > 1
        for step in [calibration.step(letter, number)]
    )
    names = {axis.name for axis in axes}
    is_named = not axes or not names <= _NAMELESS
    return axes if is_named and len(names) == len(axes) else None


def find_pages(series: TiffPageSeries, layout: Layout, index: int) -> list[int] | None:
    """Pages that hold one image, or None where pages and images do not line up."""
    page = series.keyframe
    outer = len(layout.shape) - len(page.shape)
    aligned = (
        layout.shape[outer:] == tuple(page.shape)
        and {"Y", "X"} <= set(layout.axes[outer:])
        and set(page.axes) <= set("YXS")
        and all(axis < outer for axis in layout.image_axes)
        and len(series.pages) == math.prod(layout.shape[:outer])
    )
    if not aligned:
        return None
    numbers = np.arange(len(series.pages)).reshape(layout.shape[:outer])
    inner = [axis for axis in layout.channel_axes if axis < outer]
    ordered = numbers.transpose([*layout.image_axes, *inner]).reshape(layout.count, -1)
    return [int(number) for number in ordered[index]]

"""How images lie in a stack for ImageJ: its axes, and how large a pixel is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.spacing import Spacing
from napari_jcc.collection.units import convert, find_length, find_time

_AXES = "tzc"
"""Axes of ImageJ before row and column, in its order."""


@dataclass(frozen=True)
class StackLayout:
    """Axes and sizes of a stack of images.

    Attributes
    ----------
    axes
        Letters of tifffile for the axes before row and column.
    lengths
        Their lengths.
    order
        Places of the images in the order of the stack.
    spacing
        Size of a pixel, or None.
    imagej
        Entries of ImageJ's description.
    """

    axes: str
    lengths: tuple[int, ...]
    order: tuple[int, ...]
    spacing: Spacing | None = None
    imagej: dict[str, Any] = field(default_factory=dict)

    @property
    def resolution(self) -> dict[str, Any]:
        """Arguments of `tifffile.imwrite`: pixels per unit of ImageJ's description."""
        return {} if self.spacing is None else _resolution(self.spacing, "NONE")

    @property
    def resolution_in_centimetres(self) -> dict[str, Any]:
        """The same for a file without such a description."""
        if self.spacing is None:
            return {}
        row, column, unit = self.spacing
        size = Spacing(convert(row, unit, "cm"), convert(column, unit, "cm"), "cm")
        return _resolution(size, "CENTIMETER")


def find_layout(pictures: ImageCollection | None, count: int) -> StackLayout:
    """Lay `count` images on ImageJ's axes, or one behind the other in time.

    A sequence in time is what nothing takes for a volume.
    """
    plain = StackLayout("T", (count,), tuple(range(count)))
    if pictures is None or len(pictures) != count:
        return plain
    spacing = _find_spacing(pictures)
    axes = pictures.axes or ()
    if not axes or not {axis.name for axis in axes} <= set(_AXES):
        return StackLayout("T", (count,), plain.order, spacing, _describe((), spacing))
    turned = sorted(range(len(axes)), key=lambda axis: _AXES.index(axes[axis].name))
    places = np.arange(count).reshape([axis.length for axis in axes]).transpose(turned)
    return StackLayout(
        "".join(axes[axis].name.upper() for axis in turned),
        places.shape,
        tuple(places.ravel().tolist()),
        spacing,
        _describe(axes, spacing),
    )


def _find_spacing(pictures: ImageCollection) -> Spacing | None:
    """Size of a pixel that all images have, in a unit of length."""
    spacing = pictures.common_spacing()
    unit = None if spacing is None else find_length(spacing.unit)
    return None if spacing is None or unit is None else spacing._replace(unit=unit)


def _describe(axes: tuple[Axis, ...], spacing: Spacing | None) -> dict[str, Any]:
    told: dict[str, Any] = {} if spacing is None else {"unit": spacing.unit}
    for axis in axes:
        length, time = find_length(axis.unit), find_time(axis.unit)
        if axis.name == "z" and length is not None:
            unit = told.setdefault("unit", length)
            told["spacing"] = convert(axis.step, length, unit)
        if axis.name == "t" and time is not None:
            told["finterval"] = convert(axis.step, time, "s")
    return told


def _resolution(spacing: Spacing, unit: str) -> dict[str, Any]:
    density = 1 / spacing.column, 1 / spacing.row
    return {"resolution": density, "resolutionunit": unit}

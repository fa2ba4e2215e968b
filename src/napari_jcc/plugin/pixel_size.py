"""How large the pixels of a layer are, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_jcc.collection.spacing import Spacing, checked_spacing
from napari_jcc.collection.units import find_length

_NO_UNIT = "pixel"
_SCALED = "world unit"


@dataclass(frozen=True)
class PixelSize:
    """Height and width of a pixel, and in which unit."""

    spacing: tuple[float, float] = (1.0, 1.0)
    unit: str = _NO_UNIT


def pixel_size(layer: Any) -> PixelSize:
    """Read the size of a pixel from a layer's scale and units.

    A scale without a unit is one of napari's world; two axes in different units of length
    are brought to that of the columns. Names are as short as in `Spacing`.
    """
    height, width = (abs(float(side)) for side in layer.scale[-2:])
    rows, columns = layer.units[-2:]
    if rows != columns and rows.dimensionality == columns.dimensionality:
        height = float((height * rows).to(columns).magnitude)
    unit = find_length(str(columns)) or str(columns)
    if unit == _NO_UNIT and (height, width) != (1.0, 1.0):
        unit = _SCALED
    return PixelSize((height, width), unit)


def layer_spacing(layer: Any, height: float, width: float) -> Spacing | None:
    """Spacing of pixels of a layer's images; None where it is in no unit of length.

    Parameters
    ----------
    layer
        The layer.
    height, width
        Of the pixels meant, in pixels of the layer: more than 1 in a coarse level.
    """
    size = pixel_size(layer)
    if find_length(size.unit) is None:
        return None
    row, column = size.spacing
    return checked_spacing(row * height, column * width, size.unit)

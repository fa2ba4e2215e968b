"""How large a pixel is, as far as the file of an image says so."""

from __future__ import annotations

import math
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from tifffile import RESUNIT, TiffFile, TiffPage, xml2dict

_UNITS = {"µm": "um", "μm": "um", "micron": "um", "microns": "um", "micrometer": "um"} | {
    unit: unit for unit in ("pm", "nm", "um", "mm", "cm", "m", "inch")
}
_UNITS |= {"angstrom": "angstrom", "Å": "angstrom", "in": "inch", "\\u00b5m": "um"}

_MICRONS = {RESUNIT.INCH: 25400.0, RESUNIT.CENTIMETER: 1e4, RESUNIT.MILLIMETER: 1e3}
_MICRONS |= {RESUNIT.MICROMETER: 1.0}

_LARGEST_MEASURED = 20.0
"""Micrometres. Resolutions coarser than this (1270 dpi) are about printing: cameras and
editors write 72 or 300 dpi into every picture, whatever it shows."""


class Spacing(NamedTuple):
    """Size of a pixel.

    Attributes
    ----------
    row
        Height of a pixel, above 0.
    column
        Width of a pixel, above 0.
    unit
        Unit of length of both: pm, angstrom, nm, um, mm, cm, m or inch.
    """

    row: float
    column: float
    unit: str

    def turned(self, orientation: int) -> Spacing:
        """Spacing after `orient`: height and width change places in a quarter turn."""
        if orientation not in (5, 6, 7, 8):
            return self
        return Spacing(self.column, self.row, self.unit)


def read_spacing(file: TiffFile, page: TiffPage, series: int) -> Spacing | None:
    """Pixel size of a series of a TIFF, as stored; None where the file does not say.

    OME's ``PhysicalSizeX`` and ``-Y`` count before ImageJ's resolution and unit, and these
    before the resolution tags alone, which are believed only below 20 micrometres.

    Parameters
    ----------
    file
        Open file.
    page
        First page of the series.
    series
        Number of the series in the file.
    """
    if file.is_ome and file.ome_metadata:
        return _from_ome(file.ome_metadata, series)
    unit = _UNITS.get(str((file.imagej_metadata or {}).get("unit", "")).lower())
    if unit is not None:
        return _from_tags(page, 1.0, unit)
    microns = _MICRONS.get(_find_unit(page))
    spacing = None if microns is None else _from_tags(page, microns, "um")
    if spacing is None or max(spacing.row, spacing.column) > _LARGEST_MEASURED:
        return None
    return spacing


def _from_ome(metadata: str, series: int) -> Spacing | None:
    try:
        images = xml2dict(metadata)["OME"]["Image"]
        pixels = (images if isinstance(images, list) else [images])[series]["Pixels"]
        sides = [float(pixels[f"PhysicalSize{axis}"]) for axis in "YX"]
    except (ParseError, LookupError, TypeError, ValueError):
        return None
    units = {_UNITS.get(str(pixels.get(f"PhysicalSize{a}Unit", "µm"))) for a in "YX"}
    (unit, *others) = units
    return None if others or unit is None else _checked(sides[0], sides[1], unit)


def _from_tags(page: TiffPage, length: float, unit: str) -> Spacing | None:
    """Spacing of so many pixels per `length`."""
    row, column = _density(page, "YResolution"), _density(page, "XResolution")
    if row <= 0 or column <= 0:
        return None
    return _checked(length / row, length / column, unit)


def _density(page: TiffPage, name: str) -> float:
    value = _value(page, name)
    if not isinstance(value, tuple) or len(value) != 2 or not value[1]:
        return 0.0
    return float(value[0] / value[1])


def _find_unit(page: TiffPage) -> Any:
    value = _value(page, "ResolutionUnit")
    # By TIFF Revision 6.0 a resolution without a unit is per inch.
    return value if value is not None else RESUNIT.INCH


def _value(page: TiffPage, name: str) -> Any:
    tag = page.tags.get(name)
    return None if tag is None else tag.value


def _checked(row: float, column: float, unit: str) -> Spacing | None:
    if not all(0 < side < math.inf for side in (row, column)):
        return None
    # Resolutions are fractions of integers; 12 digits take back what that costs.
    return Spacing(float(f"{row:.12g}"), float(f"{column:.12g}"), unit)

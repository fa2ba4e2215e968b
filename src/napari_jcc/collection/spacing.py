"""How large a pixel is, as far as the file of an image says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from xml.etree import ElementTree

from tifffile import RESUNIT, TiffFile, TiffPage

_LENGTHS = {"pm": 1e-12, "angstrom": 1e-10, "nm": 1e-9, "um": 1e-6, "mm": 1e-3}
_LENGTHS |= {"cm": 1e-2, "m": 1.0, "inch": 0.0254}
_TIMES = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_TIMES |= {"day": 86400.0}

_OTHER_LENGTHS = {
    "um": ("µm", "μm", "\\u00b5m", "micron", "microns", "micrometer"),
    "angstrom": ("Å", "å"),
    "inch": ("in",),
    "pm": ("picometer",),
    "nm": ("nanometer",),
    "mm": ("millimeter",),
    "cm": ("centimeter",),
    "m": ("meter",),
}
_OTHER_TIMES = {
    "ns": ("nanosecond",),
    "us": ("µs", "μs", "microsecond"),
    "ms": ("msec", "millisecond"),
    "s": ("sec", "second", "seconds"),
    "min": ("minute",),
    "h": ("hour",),
    "day": ("d",),
}


def find_length(name: str) -> str | None:
    """Short name of a unit of length (pm, angstrom, nm, um, mm, cm, m, inch), or None."""
    return _find(name, _OTHER_LENGTHS)


def find_time(name: str) -> str | None:
    """Short name of a unit of time (ns, us, ms, s, min, h, day), or None."""
    return _find(name, _OTHER_TIMES)


def convert(value: float, unit: str, wanted: str) -> float:
    """Tell a value in another unit of the same kind; both by their short names."""
    if unit == wanted:
        return value
    sizes = _LENGTHS if unit in _LENGTHS else _TIMES
    return value * sizes[unit] / sizes[wanted]


def _find(name: str, others: dict[str, tuple[str, ...]]) -> str | None:
    found = (unit for unit, names in others.items() if name == unit or name in names)
    return next(found, None)


_OME_STEPS = {"Z": ("PhysicalSizeZ", "µm"), "T": ("TimeIncrement", "s")}
_UNKNOWN = 1.0, "pixel"

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


class Calibration:
    """What a TIFF says of sizes and distances; its metadata are parsed once."""

    def __init__(self, file: TiffFile) -> None:
        self._ome = _read_ome(file)
        self._imagej = file.imagej_metadata or {}

    def spacing(self, page: TiffPage, series: int) -> Spacing | None:
        """Pixel size of a series, as stored; None where the file does not say.

        OME's ``PhysicalSizeX`` and ``-Y`` count before ImageJ's resolution and unit, these
        before the resolution tags alone, which are believed only below 20 micrometres.
        """
        if self._ome:
            return _from_ome(self._ome[series]) if series < len(self._ome) else None
        unit = find_length(self._imagej_unit("unit"))
        if unit is not None:
            return _from_tags(page, 1.0, unit)
        microns = _MICRONS.get(_find_unit(page))
        spacing = None if microns is None else _from_tags(page, microns, "um")
        if spacing is None or max(spacing.row, spacing.column) > _LARGEST_MEASURED:
            return None
        return spacing

    def step(self, axis: str, series: int) -> tuple[float, str]:
        """Step along an axis of a series and its unit; (1, "pixel") where it is not told.

        Parameters
        ----------
        axis
            Letter of tifffile. Files tell of ``Z`` and ``T`` only.
        series
            Number of the series in the file.
        """
        find = find_time if axis == "T" else find_length
        if self._ome:
            pixels = self._ome[series] if series < len(self._ome) else {}
            size, unit = _OME_STEPS.get(axis, ("", ""))
            return checked_step(pixels.get(size), pixels.get(f"{size}Unit", unit), find)
        told = self._imagej
        if axis == "Z":
            unit = self._imagej_unit("zunit") or self._imagej_unit("unit")
            return checked_step(told.get("spacing"), unit, find)
        if axis == "T":
            unit = self._imagej_unit("tunit") or "s"
            return checked_step(told.get("finterval"), unit, find)
        return _UNKNOWN

    def _imagej_unit(self, key: str) -> str:
        return str(self._imagej.get(key, "")).lower()


def _read_ome(file: TiffFile) -> list[Mapping[str, str]]:
    """Attributes of OME's ``Pixels``, image by image; none where there is no sound OME."""
    if not file.is_ome or not file.ome_metadata:
        return []
    try:
        root = ElementTree.fromstring(file.ome_metadata)
    except ElementTree.ParseError:
        return []
    return [pixels.attrib for pixels in root.iterfind("{*}Image/{*}Pixels")]


def _from_ome(pixels: Mapping[str, str]) -> Spacing | None:
    try:
        row, column = (float(pixels[f"PhysicalSize{axis}"]) for axis in "YX")
    except (LookupError, ValueError):
        return None
    units = {find_length(pixels.get(f"PhysicalSize{axis}Unit", "µm")) for axis in "YX"}
    (unit, *others) = units
    return None if others or unit is None else checked_spacing(row, column, unit)


def checked_step(
    size: Any, unit: Any, find: Callable[[str], str | None]
) -> tuple[float, str]:
    """Step and its unit by the name that `find` has; (1, "pixel") where one is unknown."""
    try:
        step = abs(float(size))  # ImageJ counts backwards with negative steps
    except (TypeError, ValueError):
        return _UNKNOWN
    known = find(str(unit))
    return (step, known) if known is not None and 0 < step < math.inf else _UNKNOWN


def _from_tags(page: TiffPage, length: float, unit: str) -> Spacing | None:
    """Spacing of so many pixels per `length`."""
    row, column = _density(page, "YResolution"), _density(page, "XResolution")
    if row <= 0 or column <= 0:
        return None
    return checked_spacing(length / row, length / column, unit)


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


def checked_spacing(row: float, column: float, unit: str) -> Spacing | None:
    """Spacing of sides that are sound, else None."""
    if not all(0 < side < math.inf for side in (row, column)):
        return None
    # Resolutions are fractions of integers; 12 digits take back what that costs.
    return Spacing(float(f"{row:.12g}"), float(f"{column:.12g}"), unit)

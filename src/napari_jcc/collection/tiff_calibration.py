"""What the metadata of a TIFF say of sizes and distances: OME, ImageJ and plain tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from tifffile import RESUNIT, TiffFile, TiffPage

from napari_jcc.collection.spacing import (
    UNKNOWN_STEP,
    Spacing,
    checked_spacing,
    checked_step,
)
from napari_jcc.collection.units import find_length, find_time

_OME_STEPS = {"Z": ("PhysicalSizeZ", "µm"), "T": ("TimeIncrement", "s")}

_MICRONS = {RESUNIT.INCH: 25400.0, RESUNIT.CENTIMETER: 1e4, RESUNIT.MILLIMETER: 1e3}
_MICRONS |= {RESUNIT.MICROMETER: 1.0}

_LARGEST_MEASURED = 20.0
"""Micrometres. Resolutions coarser than this (1270 dpi) are about printing: cameras and
editors write 72 or 300 dpi into every picture, whatever it shows."""


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
        return UNKNOWN_STEP

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

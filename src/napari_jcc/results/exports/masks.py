"""Masks as PNG files, and as one TIFF stack."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.spacing import Spacing
from napari_jcc.collection.units import convert, find_length, find_time
from napari_jcc.errors import OutputError
from napari_jcc.results.exports.objects import ExportSet, find_labels
from napari_jcc.results.names import place_files
from napari_jcc.results.pictures import number_type, save_picture, to_gray
from napari_jcc.results.result import ImageResult
from napari_jcc.tables import as_written

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
            # A unit of all axes would say that pixels of unknown size measure 1 of it.
            unit = told.get("unit") or told.setdefault("zunit", length)
            told["spacing"] = convert(axis.step, length, unit)
        if axis.name == "t" and time is not None:
            told["finterval"] = convert(axis.step, time, "s")
    return told


def _resolution(spacing: Spacing, unit: str) -> dict[str, Any]:
    density = 1 / spacing.column, 1 / spacing.row
    return {"resolution": density, "resolutionunit": unit}


_LARGEST_CLASSIC = 4_000_000_000
"""Bytes up to which ImageJ's own kind of TIFF can count."""


def write_png(exported: ExportSet, out: Path) -> None:
    """Write ``<name>.png`` per image, of its own size.

    0 and 255; where objects are told apart, their numbers in 8 or 16 bit.
    """
    kind = number_type(exported.highest)
    places = place_files((image.name for image in exported.images), "", ".png")
    for image, place in zip(exported.images, places, strict=True):
        save_picture(_values(image, exported.highest > 1, kind), out / place)


def write_tiff(exported: ExportSet, file: Path) -> None:
    """Write all masks as one stack, values as of `write_png`.

    Its axes are those of the images where ImageJ has them too (time, depth, channel), else
    (N, Y, X); pixel size, z step and time interval go with it where all images have the
    same. A stack has one size: smaller images lie at the upper left, the rest is 0, as the
    window shows them. Names are the labels of the slices in ImageJ, and the sizes are in
    its property ``sizes``, so that the padding can be cut off again.
    """
    if not exported.images:
        raise OutputError("There is no image, so there is no stack to write.")
    kind = number_type(exported.highest)
    layout = find_layout(exported.pictures, len(exported.images))
    images = [exported.images[place] for place in layout.order]
    shapes = [image.mask.shape for image in images]
    canvas = max(rows for rows, _ in shapes), max(columns for _, columns in shapes)
    shape = (*layout.lengths, *canvas)
    fits = math.prod(shape) * kind.itemsize < _LARGEST_CLASSIC
    names = [as_written(image.name) for image in images]
    sizes = ";".join(f"{columns}x{rows}" for rows, columns in shapes)
    axes = f"{layout.axes}YX"
    imagej = {"axes": axes, "Labels": names, "Properties": {"sizes": sizes}}
    shaped = {"axes": axes, "names": names, "sizes": sizes}
    tifffile.imwrite(
        file,
        _pages(images, exported.highest > 1, kind, canvas),
        shape=shape,
        dtype=kind,
        imagej=fits,
        bigtiff=not fits,
        photometric="minisblack",
        compression="zlib",
        metadata=imagej | layout.imagej if fits else shaped,
        **(layout.resolution if fits else layout.resolution_in_centimetres),
    )


def _pages(
    images: Sequence[ImageResult],
    has_instances: bool,
    kind: np.dtype[Any],
    canvas: tuple[int, int],
) -> Iterator[NDArray[Any]]:
    for image in images:
        rows, columns = image.mask.shape
        page = np.zeros(canvas, kind)
        page[:rows, :columns] = _values(image, has_instances, kind)
        yield page


def _values(image: ImageResult, has_instances: bool, kind: np.dtype[Any]) -> NDArray[Any]:
    if has_instances:
        return find_labels(image).astype(kind)
    return to_gray(image.mask)

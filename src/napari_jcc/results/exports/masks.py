"""Masks as PNG files, and as one TIFF stack."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from napari_jcc.errors import OutputError
from napari_jcc.results.exports.layout import find_layout
from napari_jcc.results.exports.objects import ExportSet, find_labels
from napari_jcc.results.names import place_files
from napari_jcc.results.result import ImageResult

_LARGEST_CLASSIC = 4_000_000_000
"""Bytes up to which ImageJ's own kind of TIFF can count."""


def write_png(exported: ExportSet, out: Path) -> None:
    """Write ``<name>.png`` per image, of its own size.

    0 and 255; where objects are told apart, their numbers in 8 or 16 bit.
    """
    kind = _kind(exported)
    places = place_files((image.name for image in exported.images), "", ".png")
    for image, place in zip(exported.images, places, strict=True):
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(_values(image, exported.has_instances, kind)).save(out / place)


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
    kind, layout = _kind(exported), find_layout(exported.pictures, len(exported.images))
    images = [exported.images[place] for place in layout.order]
    shapes = [image.mask.shape for image in images]
    canvas = max(rows for rows, _ in shapes), max(columns for _, columns in shapes)
    shape = (*layout.lengths, *canvas)
    fits = math.prod(shape) * kind.itemsize < _LARGEST_CLASSIC
    names = [image.name for image in images]
    sizes = ";".join(f"{columns}x{rows}" for rows, columns in shapes)
    axes = f"{layout.axes}YX"
    imagej = {"axes": axes, "Labels": names, "Properties": {"sizes": sizes}}
    shaped = {"axes": axes, "names": names, "sizes": sizes}
    tifffile.imwrite(
        file,
        _pages(images, exported.has_instances, kind, canvas),
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
    return np.where(image.mask, np.uint8(255), np.uint8(0))


def _kind(exported: ExportSet) -> np.dtype[Any]:
    tops = (int(find_labels(image).max(initial=0)) for image in exported.images)
    top = max(tops, default=0)
    if top > np.iinfo(np.uint16).max:
        raise OutputError(
            f"An image has objects up to number {top}; PNG and TIFF hold 65535. Number the "
            "objects from 1, or export COCO."
        )
    return np.dtype(np.uint8 if top <= np.iinfo(np.uint8).max else np.uint16)

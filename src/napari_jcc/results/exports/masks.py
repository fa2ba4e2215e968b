"""Masks as PNG files, and as one TIFF stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from napari_jcc.errors import OutputError
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
        Image.fromarray(_values(image, exported, kind)).save(out / place)


def write_tiff(exported: ExportSet, file: Path) -> None:
    """Write all masks as one stack (N, Y, X), values as of `write_png`.

    A stack has one size: smaller images lie at the upper left, the rest is 0, as the
    window shows them. Names are the labels of the slices in ImageJ, and the sizes are in
    its property ``sizes``, so that the padding can be cut off again.
    """
    if not exported.images:
        raise OutputError("There is no image, so there is no stack to write.")
    kind = _kind(exported)
    shapes = [image.mask.shape for image in exported.images]
    canvas = max(rows for rows, _ in shapes), max(columns for _, columns in shapes)
    shape = (len(shapes), *canvas)
    fits = int(np.prod(shape)) * kind.itemsize < _LARGEST_CLASSIC
    names = [image.name for image in exported.images]
    sizes = ";".join(f"{columns}x{rows}" for rows, columns in shapes)
    # "T": a sequence of pictures, which nothing takes for a volume.
    imagej = {"axes": "TYX", "Labels": names, "Properties": {"sizes": sizes}}
    shaped = {"axes": "TYX", "names": names, "sizes": sizes}
    tifffile.imwrite(
        file,
        _pages(exported, kind, canvas),
        shape=shape,
        dtype=kind,
        imagej=fits,
        bigtiff=not fits,
        photometric="minisblack",
        compression="zlib",
        metadata=imagej if fits else shaped,
    )


def _pages(
    exported: ExportSet, kind: np.dtype[Any], canvas: tuple[int, int]
) -> Iterator[NDArray[Any]]:
    for image in exported.images:
        rows, columns = image.mask.shape
        page = np.zeros(canvas, kind)
        page[:rows, :columns] = _values(image, exported, kind)
        yield page


def _values(image: ImageResult, exported: ExportSet, kind: np.dtype[Any]) -> NDArray[Any]:
    if exported.has_instances:
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

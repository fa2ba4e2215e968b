"""TIFF of any depth, with every page as an image; the file's axes say what a page is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFile, TiffPageSeries

from napari_jcc.collection.header import Header
from napari_jcc.collection.intensity import Pixels, orient, oriented_shape
from napari_jcc.collection.layout import Layout, cut_image
from napari_jcc.collection.tiff_calibration import Calibration
from napari_jcc.collection.tiff_pages import (
    count_separate,
    find_orientation,
    label_samples,
    read_page,
)
from napari_jcc.collection.tiff_reopened import reopened
from napari_jcc.collection.tiff_series import find_axes, find_pages, image_series
from napari_jcc.errors import InputError

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def probe_tiff(path: Path) -> list[Header]:
    """Describe every image."""
    found: list[Header] = []
    with TiffFile(path) as file:
        calibration = Calibration(file)
        parts = list(image_series(file))
        axes = find_axes(parts, calibration)
        for number, series, layout in parts:
            orientation = find_orientation(series.keyframe)
            spacing = calibration.spacing(series.keyframe, number)
            image = Header(
                oriented_shape(layout.size, orientation),
                None if spacing is None else spacing.turned(orientation),
                count_separate(series.keyframe, layout.channels),
                axes,
            )
            found += [image._replace(others=o) for o in _list_others(file, series, layout)]
    return found


def _list_others(
    file: TiffFile, series: TiffPageSeries, layout: Layout
) -> list[frozenset[Path]]:
    """List for every image of a series the files it is in besides the one opened."""
    if not series.is_multifile:
        return [frozenset()] * layout.count
    path = Path(file.filehandle.path)
    found = []
    for index in range(layout.count):
        numbers = find_pages(series, layout, index) or range(len(series.pages))
        pages = [
            page for page in map(series.pages.__getitem__, numbers) if page is not None
        ]
        names = {page.parent.filename for page in pages if page.parent is not file}
        found.append(frozenset(path.with_name(name) for name in names))
    return found


def read_tiff(path: Path, index: int) -> Pixels:
    """Decode image `index` of the file, in the order of `probe_tiff`."""
    with reopened(path) as file:
        for _, series, layout in image_series(file):
            if index < layout.count:
                return _read_image(file, series, layout, index)
            index -= layout.count
    raise InputError("the file holds fewer pages than when it was first opened")


def _read_image(
    file: TiffFile, series: TiffPageSeries, layout: Layout, index: int
) -> Pixels:
    chosen = find_pages(series, layout, index)
    if chosen is None:
        values = cut_image(series.asarray(), layout, index)
        pixels = label_samples(series.keyframe, values)
    else:
        pages = [read_page(file, series, page) for page in chosen]
        pixels = pages[0] if len(pages) == 1 else Pixels(_join(pages))
    values = pixels.values[..., 0] if pixels.values.shape[2:] == (1,) else pixels.values
    values = orient(values, find_orientation(series.keyframe))
    return Pixels(values, pixels.is_colour, pixels.alpha)


def _join(pages: list[Pixels]) -> NDArray[Any]:
    height, width = pages[0].values.shape[:2]
    parts = [page.values.reshape(height, width, -1) for page in pages]
    return np.concatenate(parts, axis=2)

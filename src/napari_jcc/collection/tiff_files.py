"""TIFF of any depth, with every page as an image; the file's axes say what a page is."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile
from tifffile import PHOTOMETRIC, TiffFile, TiffFrame, TiffPage, TiffPageSeries

from napari_jcc.collection.axes import Axis
from napari_jcc.collection.intensity import Pixels, label_channels, orient, oriented_shape
from napari_jcc.collection.pillow_files import ORIENTATION_TAG, as_array
from napari_jcc.collection.spacing import Calibration, Spacing
from napari_jcc.errors import InputError

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ALPHA_KINDS = (1, 2)  # EXTRASAMPLE: associated and unassociated alpha
_LACKING = "imagecodecs", "not supported"
"""Words of tifffile where it has no decoder for a compression."""

_last = threading.local()
"""File that a thread read last: ``file``, its ``places``, and their ``states`` then."""

_POSITION = "p"
_NAMELESS = {"i", "q"}
"""Axes of tifffile that say nothing but that there is one."""

_BY_PILLOW = (PHOTOMETRIC.SEPARATED, PHOTOMETRIC.YCBCR, PHOTOMETRIC.CIELAB)


@dataclass(frozen=True)
class _Layout:
    """Which axes of a series count images, and which are channels of one image.

    Samples (S), channels (C) and whatever comes after both Y and X belong to one image;
    all other axes (pages, time, depth, positions) count images.
    """

    axes: str
    shape: tuple[int, ...]

    @property
    def image_axes(self) -> list[int]:
        """Positions of the axes that count images."""
        behind = max(self.axes.index("Y"), self.axes.index("X"))
        return [i for i, axis in enumerate(self.axes) if axis not in "YXSC" and i < behind]

    @property
    def channel_axes(self) -> list[int]:
        """Positions of the axes within one image other than Y and X."""
        outer = self.image_axes
        return [
            i for i, axis in enumerate(self.axes) if axis not in "YX" and i not in outer
        ]

    @property
    def count(self) -> int:
        """Number of images."""
        return math.prod(self.shape[i] for i in self.image_axes)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width as stored."""
        return self.shape[self.axes.index("Y")], self.shape[self.axes.index("X")]


_Part: TypeAlias = tuple[int, TiffPageSeries, _Layout]
"""A series that holds images, and its number in the file."""


class TiffImage(NamedTuple):
    """What is known of an image of a TIFF without its pixels.

    Attributes
    ----------
    shape
        Height and width, upright.
    spacing
        Size of a pixel, or None.
    separate
        Channels that are no colours.
    axes
        Named axes that the images of the file lie on, all of them and in this order; None
        where there are no such axes.
    others
        More files that the image is in, where it is of an OME set of several.
    """

    shape: tuple[int, int]
    spacing: Spacing | None
    separate: int
    axes: tuple[Axis, ...] | None
    others: frozenset[Path]


def probe_tiff(path: Path) -> list[TiffImage]:
    """Describe every image."""
    found: list[TiffImage] = []
    with TiffFile(path) as file:
        calibration = Calibration(file)
        parts = list(_image_series(file))
        axes = _find_axes(parts, calibration)
        for number, series, layout in parts:
            orientation = _find_orientation(series.keyframe)
            spacing = calibration.spacing(series.keyframe, number)
            image = TiffImage(
                oriented_shape(layout.size, orientation),
                None if spacing is None else spacing.turned(orientation),
                _count_separate(series.keyframe, layout),
                axes,
                frozenset(),
            )
            found += [image._replace(others=o) for o in _list_others(file, series, layout)]
    return found


def _list_others(
    file: TiffFile, series: TiffPageSeries, layout: _Layout
) -> list[frozenset[Path]]:
    """List for every image of a series the files it is in besides the one opened."""
    if not series.is_multifile:
        return [frozenset()] * layout.count
    path = Path(file.filehandle.path)
    found = []
    for index in range(layout.count):
        numbers = _find_pages(series, layout, index) or range(len(series.pages))
        pages = [
            page for page in map(series.pages.__getitem__, numbers) if page is not None
        ]
        names = {page.parent.filename for page in pages if page.parent is not file}
        found.append(frozenset(path.with_name(name) for name in names))
    return found


def _find_axes(parts: list[_Part], calibration: Calibration) -> tuple[Axis, ...] | None:
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


def read_tiff(path: Path, index: int) -> Pixels:
    """Decode image `index` of the file, in the order of `probe_tiff`."""
    with _reopened(path) as file:
        for _, series, layout in _image_series(file):
            if index < layout.count:
                return _read_image(file, series, layout, index)
            index -= layout.count
    raise InputError("the file holds fewer pages than when it was first opened")


@contextmanager
def _reopened(path: Path) -> Iterator[TiffFile]:
    """Open a file that this thread may have read before.

    To parse what a file of thousands of pages tells of them takes far longer than to read
    one, so the last file stays parsed in every thread; on the disk it is closed.
    """
    file: TiffFile | None = getattr(_last, "file", None)
    if file is None or _last.places[0] != path or _last.states != _states(_last.places):
        file = TiffFile(path)
        _last.places = _find_places(file, path)
        _last.states = _states(_last.places)
    _last.file = None  # nothing stays of a file that fails
    file.filehandle.open()
    try:
        yield file
        _last.file = file
    finally:
        file.close()


def _state(file: TiffFile, path: Path) -> list[tuple[int, int]]:
    """Size and time of change of a file, and of others whose pages were found by it."""
    parents = {path: None} | {
        path.with_name(page.parent.filename): None
        for series in file.series
        for page in (series.pages if series.is_multifile else ())
        if page is not None
    }
    states = [place.stat() for place in parents]
    return [(state.st_size, state.st_mtime_ns) for state in states]


def _find_places(file: TiffFile, path: Path) -> list[Path]:
    """List a file and those that its pages are in besides, which are beside it."""
    names = dict.fromkeys(
        page.parent.filename
        for series in file.series
        for page in (series.pages if series.is_multifile else ())
        if page is not None
    )
    return [path, *(path.with_name(name) for name in names)]


def _states(places: list[Path]) -> list[tuple[int, int]]:
    found = []
    for place in places:
        with suppress(FileNotFoundError):  # told where its pages are read
            state = place.stat()
            found.append((state.st_size, state.st_mtime_ns))
    return found


def _image_series(file: TiffFile) -> Iterator[_Part]:
    for number, series in enumerate(file.series):
        if {"X", "Y"} <= set(series.axes) and math.prod(series.shape) > 0:
            yield number, series, _Layout(series.axes, tuple(series.shape))


def _read_image(
    file: TiffFile, series: TiffPageSeries, layout: _Layout, index: int
) -> Pixels:
    chosen = _find_pages(series, layout, index)
    if chosen is None:
        values = _cut_image(series.asarray(), layout, index)
        pixels = _label_samples(series.keyframe, values)
    else:
        pages = [_read_page(file, series, page) for page in chosen]
        pixels = pages[0] if len(pages) == 1 else Pixels(_join(pages))
    values = pixels.values[..., 0] if pixels.values.shape[2:] == (1,) else pixels.values
    values = orient(values, _find_orientation(series.keyframe))
    return Pixels(values, pixels.is_colour, pixels.alpha)


def _find_pages(series: TiffPageSeries, layout: _Layout, index: int) -> list[int] | None:
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


def _cut_image(stack: NDArray[Any], layout: _Layout, index: int) -> NDArray[Any]:
    y, x = layout.axes.index("Y"), layout.axes.index("X")
    ordered: NDArray[Any] = stack.transpose(
        [*layout.image_axes, y, x, *layout.channel_axes]
    )
    images = ordered.reshape((layout.count, *layout.size, -1))
    return np.asarray(images[index])


def _join(pages: list[Pixels]) -> NDArray[Any]:
    height, width = pages[0].values.shape[:2]
    parts = [page.values.reshape(height, width, -1) for page in pages]
    return np.concatenate(parts, axis=2)


def _read_page(file: TiffFile, series: TiffPageSeries, number: int) -> Pixels:
    page, keyframe = series.pages[number], series.keyframe
    if page is None:
        raise InputError("the file names a page that it does not hold")
    if page.parent is not file:  # another file of an OME set, closed since it was parsed
        page.parent.filehandle.open()
        file = page.parent
    _check_complete(file, page)
    if keyframe.photometric in _BY_PILLOW:
        return _read_by_pillow(file, keyframe, page.index)
    try:
        values = page.asarray()
    except ValueError as error:
        if not any(words in str(error) for words in _LACKING):
            raise
        return _read_by_pillow(file, keyframe, page.index)
    if keyframe.axes == "SYX":
        values = np.moveaxis(values, 0, -1)
    return _label_samples(keyframe, values)


def _check_complete(file: TiffFile, page: TiffPage | TiffFrame) -> None:
    """Refuse a file that ends early; its missing strips would otherwise read as black."""
    extents = zip(page.dataoffsets, page.databytecounts, strict=True)
    needed = max((offset + count for offset, count in extents), default=0)
    if not needed or needed > file.filehandle.size:
        raise InputError(f"truncated: {file.filehandle.size} of {needed} bytes are there")


def _read_by_pillow(file: TiffFile, keyframe: TiffPage, number: int) -> Pixels:
    """Read what tifffile cannot without more packages (LZW, JPEG, CMYK, YCbCr)."""
    with TiffImageFile(Path(file.filehandle.path)) as image:
        image.seek(number)
        image.load()
        values = as_array(image)
        stored = keyframe.imagewidth, keyframe.imagelength
        turned = image.size != stored
    # Some versions of Pillow turn TIFF upright themselves. Undo it: the caller turns.
    if turned or image.getexif().get(ORIENTATION_TAG) is None:
        values = _undo_orientation(values, _find_orientation(keyframe))
    return label_channels(values)


def _undo_orientation(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    # Quarter turns are each other's inverse; all other orientations undo themselves.
    return orient(values, {6: 8, 8: 6}.get(orientation, orientation))


def _label_samples(page: TiffPage, values: NDArray[Any]) -> Pixels:
    """Apply palette and polarity, and name the channels by the page's tags."""
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        return Pixels(page.colormap.T[values.squeeze()], is_colour=True)
    if page.photometric == PHOTOMETRIC.MINISWHITE and values.dtype.kind in "bu":
        values = ~values
    samples = page.samplesperpixel
    channels = values.shape[2] if values.ndim == 3 else 1
    if channels != samples:
        return Pixels(values)
    extra = [int(kind) for kind in page.extrasamples]
    alphas = [
        samples - len(extra) + i for i, kind in enumerate(extra) if kind in _ALPHA_KINDS
    ]
    is_colour = page.photometric == PHOTOMETRIC.RGB and samples >= 3
    return Pixels(values, is_colour, alphas[0] if alphas else None)


def _count_separate(page: TiffPage, layout: _Layout) -> int:
    """Channels of an image that are neither colours nor opacity."""
    channels = math.prod(layout.shape[axis] for axis in layout.channel_axes)
    if page.photometric == PHOTOMETRIC.PALETTE:
        return 1 if channels == 1 else 3 * channels  # the colours of each are looked up
    if channels != page.samplesperpixel:
        return channels
    if page.photometric in (PHOTOMETRIC.RGB, *_BY_PILLOW):
        return 1
    return channels - sum(int(kind) in _ALPHA_KINDS for kind in page.extrasamples)


def _find_orientation(page: TiffPage) -> int:
    tag = page.tags.get(ORIENTATION_TAG)
    return int(tag.value) if tag is not None and isinstance(tag.value, int) else 1

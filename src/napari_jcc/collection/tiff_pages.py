"""One page of a TIFF to pixels: compression, palette, polarity, opacity, orientation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile
from tifffile import PHOTOMETRIC, TiffFile, TiffFrame, TiffPage, TiffPageSeries

from napari_jcc.collection.intensity import Pixels, label_channels, orient
from napari_jcc.collection.pillow_files import ORIENTATION_TAG, as_array
from napari_jcc.errors import InputError

_ALPHA_KINDS = (1, 2)  # EXTRASAMPLE: associated and unassociated alpha
_LACKING = "imagecodecs", "not supported"
"""Words of tifffile where it has no decoder for a compression, unless that is a module of
later versions of Python."""

_BY_PILLOW = (PHOTOMETRIC.SEPARATED, PHOTOMETRIC.YCBCR, PHOTOMETRIC.CIELAB)


def read_page(file: TiffFile, series: TiffPageSeries, number: int) -> Pixels:
    """Decode one page of a series, not turned upright yet.

    Raises
    ------
    InputError
        If the page is not there, or the file ends before it does.
    """
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
    except (ValueError, ImportError) as error:
        told = isinstance(error, ValueError)
        if told and not any(words in str(error) for words in _LACKING):
            raise
        return _read_by_pillow(file, keyframe, page.index)
    if keyframe.axes == "SYX":
        values = np.moveaxis(values, 0, -1)
    return label_samples(keyframe, values)


def _check_complete(file: TiffFile, page: TiffPage | TiffFrame) -> None:
    """Refuse a file that ends early; its missing strips would otherwise read as black."""
    extents = zip(page.dataoffsets, page.databytecounts, strict=True)
    needed = max((offset + count for offset, count in extents), default=0)
    if not needed or needed > file.filehandle.size:
        raise InputError(f"truncated: {file.filehandle.size} of {needed} bytes are there")


def _read_by_pillow(file: TiffFile, keyframe: TiffPage, number: int) -> Pixels:
    """Read what tifffile cannot without more packages (LZW, JPEG, zstd, CMYK, YCbCr)."""
    with TiffImageFile(Path(file.filehandle.path)) as image:
        image.seek(number)
        image.load()
        values = as_array(image)
        stored = keyframe.imagewidth, keyframe.imagelength
        turned = image.size != stored
    # Some versions of Pillow turn TIFF upright themselves. Undo it: the caller turns.
    if turned or image.getexif().get(ORIENTATION_TAG) is None:
        values = _undo_orientation(values, find_orientation(keyframe))
    return label_channels(values)


def _undo_orientation(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    # Quarter turns are each other's inverse; all other orientations undo themselves.
    return orient(values, {6: 8, 8: 6}.get(orientation, orientation))


def label_samples(page: TiffPage, values: NDArray[Any]) -> Pixels:
    """Apply palette and polarity, and name the channels by the page's tags."""
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        colours = page.colormap.T[values].reshape(*values.shape[:2], -1)
        return Pixels(colours, is_colour=True)
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


def count_separate(page: TiffPage, channels: int) -> int:
    """Count those of an image's channels that are neither colours nor opacity."""
    if page.photometric == PHOTOMETRIC.PALETTE:
        return 1 if channels == 1 else 3 * channels  # the colours of each are looked up
    if channels != page.samplesperpixel:
        return channels
    if page.photometric in (PHOTOMETRIC.RGB, *_BY_PILLOW):
        return 1
    return channels - sum(int(kind) in _ALPHA_KINDS for kind in page.extrasamples)


def find_orientation(page: TiffPage) -> int:
    """Return how the page is stored, as EXIF counts it; 1 is upright."""
    tag = page.tags.get(ORIENTATION_TAG)
    return int(tag.value) if tag is not None and isinstance(tag.value, int) else 1

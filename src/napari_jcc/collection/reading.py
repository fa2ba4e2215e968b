"""One file to its images: what is in it (headers only), and the pixels of one of them."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL.Image import DecompressionBombError
from PIL.ImageFile import ImageFile
from tifffile import TiffFileError

from napari_jcc.collection import pillow_files, tiff_files, zarr_files
from napari_jcc.collection.header import Header
from napari_jcc.collection.intensity import Pixels
from napari_jcc.errors import InputError

PIXEL_LIMIT = 2**30
"""Largest image that is read, in pixels; also the limit of OpenCV."""

# What Pillow and tifffile raise on damaged files, besides OSError; found by damaging files
# at random bytes (tests/collection/test_reading.py).
_DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    TiffFileError,
    DecompressionBombError,  # TIFF that only Pillow can decode
)


def is_tiff(path: Path) -> bool:
    """Whether a file is a TIFF by name and first bytes.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    if path.suffix.lower() not in (".tif", ".tiff") or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) in tiff_files.SIGNATURES


def probe_file(path: Path) -> list[Header]:
    """Read the header of every image in a file or OME-Zarr, without decoding pixels.

    Raises
    ------
    InputError
        With the reason alone, if the file is empty, unreadable, of no kind that is read,
        or holds an image of more than `PIXEL_LIMIT` pixels.
    """
    with _explained():
        headers = _probe(path)
    if not headers or min(min(header.shape) for header in headers) < 1:
        raise InputError("the file holds no image, or ends before its directory")
    largest = max(math.prod(header.shape) for header in headers)
    if largest > PIXEL_LIMIT:
        raise InputError(
            f"{largest} pixels are more than the {PIXEL_LIMIT} that can be read; reduce it"
        )
    return headers


def _probe(path: Path) -> list[Header]:
    if path.is_dir():
        stack = zarr_files.open_zarr(path)
        layout = stack.layout
        header = Header(layout.size, stack.spacing, layout.channels, stack.axes)
        return [header] * layout.count
    start = _read_start(path)
    if start[:4] in tiff_files.SIGNATURES:
        return tiff_files.probe_tiff(path)
    reader = _find_reader(start)
    return [Header(shape) for shape in pillow_files.probe_picture(path, reader)]


def read_file(path: Path, page: int = 0) -> Pixels:
    """Decode one image of a file or OME-Zarr.

    Raises
    ------
    InputError
        With the reason alone, if the file cannot be decoded completely.
    """
    with _explained():
        if path.is_dir():
            return zarr_files.open_zarr(path).read(page)
        start = _read_start(path)
        if start[:4] in tiff_files.SIGNATURES:
            return tiff_files.read_tiff(path, page)
        return pillow_files.read_picture(path, _find_reader(start), page)


def open_picture(path: Path) -> ImageFile:
    """Open what is no TIFF by Pillow, however large the image is; palettes stay.

    Raises
    ------
    OSError
        If the file cannot be read.
    InputError
        With the reason alone, if it is damaged or of no kind that is read.
    """
    start = _read_start(path)
    with _explained():
        return _find_reader(start)(path)


def _read_start(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise InputError("empty file")
    return start


def _find_reader(start: bytes) -> type[ImageFile]:
    for signature, reader in pillow_files.SIGNATURES.items():
        if start.startswith(signature):
            return reader
    raise InputError("not a PNG, JPEG, BMP, TIFF, GIF or WebP image")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except _DECODE_ERRORS as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(f"damaged or unreadable: {reason}") from error

"""PNG, JPEG, BMP, GIF and WebP, decoded by Pillow."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from napari_jcc.collection.intensity import Pixels, label_channels, orient, oriented_shape

# The classes are called directly: `PIL.Image.open` would refuse, or warn about, images
# above a limit that slide scanners pass, and that limit is a global of Pillow.
SIGNATURES: dict[bytes, type[ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"\xff\xd8\xff": JpegImageFile,
    b"BM": BmpImageFile,
    b"GIF8": GifImageFile,
    b"RIFF": WebPImageFile,
}
_HAS_FRAMES = (GifImageFile, WebPImageFile)
ORIENTATION_TAG = 274
_CONVERTED = {"CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB", "HSV": "RGB", "RGBX": "RGB"}


def probe_picture(path: Path, reader: type[ImageFile]) -> list[tuple[int, int]]:
    """Height and width of every frame as shown, from the headers."""
    with reader(path) as image:
        shape = oriented_shape(image.size[::-1], _find_orientation(image))
        # Of files that are images by themselves with frames beside, as some PNG, the image.
        return [shape] * (image.n_frames if isinstance(image, _HAS_FRAMES) else 1)


def read_picture(path: Path, reader: type[ImageFile], frame: int = 0) -> Pixels:
    """Decode one image completely; palettes are looked up, EXIF orientation is honoured."""
    with reader(path) as image:
        orientation = _find_orientation(image)
        if frame:
            image.seek(frame)
        image.load()
        values = _find_deep_colour(path, image)
        if values is None:
            values = as_array(image)
    return label_channels(orient(values, orientation))


def as_array(image: Image.Image) -> NDArray[Any]:
    """Pixels of a Pillow image as gray, gray + alpha, RGB or RGBA, in its own depth."""
    keyed = "transparency" in image.info
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if keyed or image.mode == "PA" else "RGB")
    elif keyed and image.mode in ("L", "RGB"):
        image = image.convert({"L": "LA", "RGB": "RGBA"}[image.mode])
    elif image.mode in _CONVERTED:
        image = image.convert(_CONVERTED[image.mode])
    values = np.asarray(image)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _find_orientation(image: ImageFile) -> int:
    try:
        exif = image.getexif() if not isinstance(image, PngImageFile) else Image.Exif()
        if isinstance(image, PngImageFile):
            # `PngImageFile.getexif` would decode the image to look behind its pixels.
            exif.load(image.info.get("exif", b""))
        return int(exif.get(ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return 1  # A damaged note about the image is no reason to refuse the image.


def _find_deep_colour(path: Path, image: ImageFile) -> NDArray[Any] | None:
    """16-bit RGB(A) of a PNG, of which Pillow keeps 8 bits only; None for others."""
    if not isinstance(image, PngImageFile) or image.mode not in ("RGB", "RGBA"):
        return None
    with path.open("rb") as file:
        depth = file.read(25)[24]  # IHDR: length, name, width, height, bit depth
    if depth != 16:
        return None
    # Decoded from memory: OpenCV cannot open every path on Windows.
    values = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.ndim != 3:
        return None
    order = cv2.COLOR_BGRA2RGBA if values.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(values, order))

"""Images described on a grid, by an encoder or by gradients, each image once."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Protocol

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.features.encoders import Encoder, FittingEncoder
from napari_jcc.registration.frame import Frame, resize_points
from napari_jcc.registration.grid import GridFeatures

KEPT_IMAGES = 256
SIFT_SIZE = 256
"""Longer side of the image that is described by gradients, in pixels."""
SIFT_CELL = 8
"""Distance of grid points in pixels of the described image."""


class Describer(Protocol):
    """Something that describes images on a grid."""

    def describe(self, image: ImageArray) -> GridFeatures:
        """Describe an image (H, W, 3) uint8 RGB."""
        ...


class EncoderDescriber:
    """Descriptors from the map of an image encoder.

    Parameters
    ----------
    encoder
        The network.
    size
        Longer side of the image that the encoder sees, in pixels.
    """

    def __init__(self, encoder: Encoder | FittingEncoder, size: int) -> None:
        self._encoder = encoder
        self._size = size

    def describe(self, image: ImageArray) -> GridFeatures:
        """Describe an image (H, W, 3) uint8 RGB."""
        shown = _resize(image, self._size, max(self._encoder.multiple, 16))
        (found,) = self._encoder.encode(shown[None])
        rows, columns = found.values.shape[:2]
        place = [
            found.offset + found.stride * np.arange(n, dtype=np.float64)
            for n in (columns, rows)
        ]
        values = found.values.reshape(rows * columns, -1).astype(np.float32)
        return _on_image(values, place, found.stride, shown, image)


class SiftDescriber:
    """SIFT descriptors on a dense grid: gradients only, needs no weights.

    Parameters
    ----------
    size
        Longer side of the image that is described, in pixels.
    width
        Width of the patch that one descriptor covers, in pixels of that image.
    """

    def __init__(self, size: int = SIFT_SIZE, width: float = 32.0) -> None:
        self._size = size
        self._width = width

    def describe(self, image: ImageArray) -> GridFeatures:
        """Describe an image (H, W, 3) uint8 RGB."""
        shown = _resize(image, self._size, SIFT_CELL)
        height, width = shown.shape[:2]
        place = [np.arange(SIFT_CELL / 2 - 0.5, n, SIFT_CELL) for n in (width, height)]
        # Four cells of three key point sizes each make the patch of a SIFT descriptor.
        points = [
            cv2.KeyPoint(float(x), float(y), self._width / 6, 0)
            for y in place[1]
            for x in place[0]
        ]
        gray = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
        _, found = cv2.SIFT.create().compute(gray, points)
        values = np.asarray(found, dtype=np.float32)
        return _on_image(values, place, SIFT_CELL, shown, image)


class Remembering:
    """Describes every image once; the last ones are kept.

    Parameters
    ----------
    describer
        What describes them.
    """

    def __init__(self, describer: Describer) -> None:
        self._describer = describer
        self._known: OrderedDict[bytes, GridFeatures] = OrderedDict()

    def describe(self, image: ImageArray) -> GridFeatures:
        """Describe an image (H, W, 3) uint8 RGB, or return what is known of it."""
        digest = blake2b(image.tobytes(), digest_size=16)
        digest.update(repr(image.shape).encode())
        key = digest.digest()
        if key not in self._known:
            self._known[key] = self._describer.describe(image)
            if len(self._known) > KEPT_IMAGES:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def _resize(image: ImageArray, size: int, multiple: int) -> ImageArray:
    """Bring the longer side near `size`, both sides to multiples of `multiple`."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    sides = [max(round(side * scale / multiple), 2) * multiple for side in (width, height)]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(np.ascontiguousarray(image), sides, interpolation=way)
    return np.asarray(resized, dtype=np.uint8)


def _on_image(
    values: Float32Array,
    place: list[FloatArray],
    step: float,
    shown: ImageArray,
    image: ImageArray,
) -> GridFeatures:
    """Bring grid points, given in pixels of what was shown, to pixels of the image."""
    scale = np.array([image.shape[1] / shown.shape[1], image.shape[0] / shown.shape[0]])
    points = np.stack(np.meshgrid(*place), axis=-1).reshape(-1, 2)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return GridFeatures(
        values / np.maximum(length, np.float32(1e-6)),
        resize_points(points, scale),
        step * scale,
        Frame(*image.shape[:2]),
    )

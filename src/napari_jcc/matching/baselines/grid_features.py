"""Images described on a grid, by an encoder or by gradients, each image once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.features.encoders import Encoder, FittingEncoder
from napari_jcc.matching.baselines.frame import Frame, resize_points

KEPT_IMAGES = 256
SIFT_SIZE = 256
"""Longer side of the image that is described by gradients, in pixels."""
SIFT_CELL = 8
"""Distance of grid points in pixels of the described image."""


@dataclass(frozen=True)
class GridFeatures:
    """Descriptors of one image at the points of a grid.

    Attributes
    ----------
    values : (n, D) float32
        Of unit length at most, row by row of the grid.
    centres : (n, 2) float64
        x and y of the grid points in pixels of the image.
    step : (2,) float64
        Distance of neighbouring grid points in x and y, in pixels of the image.
    frame
        The image's own coordinates.
    """

    values: Float32Array
    centres: FloatArray
    step: FloatArray
    frame: Frame

    def sample(self, points: FloatArray) -> Float32Array:
        """Interpolate between the grid points, and repeat the outermost ones.

        Parameters
        ----------
        points : (K, 2)
            x and y in pixels of the image.

        Returns
        -------
        values : (K, D) float32
        """
        columns, rows = np.rint((self.centres[-1] - self.centres[0]) / self.step) + 1
        side = np.array([columns, rows], dtype=np.int64)
        place = np.clip((points - self.centres[0]) / self.step, 0, side - 1)
        first = np.minimum(place.astype(np.int64), np.maximum(side - 2, 0))
        share = (place - first).astype(np.float32)
        grid = self.values.reshape(side[1], side[0], -1)
        found = np.zeros((len(points), grid.shape[2]), dtype=np.float32)
        for corner in np.ndindex(2, 2):
            weight = np.abs(1 - np.array(corner, dtype=np.float32) - share).prod(axis=1)
            x, y = np.minimum(first + corner, side - 1).T
            found += weight[:, None] * grid[y, x]
        return found

    def blend(self, seen: Sequence[tuple[Float32Array, FloatArray]]) -> GridFeatures:
        """Average with what other images show at the same points.

        Parameters
        ----------
        seen
            Descriptors (n, D) at the grid points in another image, and how much they
            count, (n,), where the own ones count 1.
        """
        total, weights = self.values.copy(), np.ones((len(self.values), 1), np.float32)
        for values, weight in seen:
            counts = weight[:, None].astype(np.float32)
            total += counts * values
            weights += counts
        return replace(self, values=total / weights)


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

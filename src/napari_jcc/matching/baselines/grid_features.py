"""Images described on a grid, by an encoder or by gradients, each image once."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Protocol

import numpy as np

from napari_jcc._types import ImageArray
from napari_jcc.features.encoders import Encoder, FeatureMap, FittingEncoder
from napari_jcc.features.gradients import map_gradients, resize_to_multiples
from napari_jcc.registration.frame import Frame, resize_points
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.partners import unit_length

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
        multiple = max(self._encoder.multiple, 16)
        shown = resize_to_multiples(image, self._size, multiple)
        (found,) = self._encoder.encode(shown[None])
        return _on_image(found, image)


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
        found = map_gradients(image, self._size, SIFT_CELL, self._width)
        return _on_image(found, image)


class CachedDescriber:
    """Caches the descriptions of the images seen last.

    Parameters
    ----------
    describer
        What describes them.
    """

    def __init__(self, describer: Describer) -> None:
        self._describer = describer
        self._known: OrderedDict[bytes, GridFeatures] = OrderedDict()

    def describe(self, image: ImageArray) -> GridFeatures:
        """Describe an image (H, W, 3) uint8 RGB, or return its cached description."""
        digest = blake2b(image.tobytes(), digest_size=16)
        digest.update(repr(image.shape).encode())
        key = digest.digest()
        if key not in self._known:
            self._known[key] = self._describer.describe(image)
            if len(self._known) > KEPT_IMAGES:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def _on_image(found: FeatureMap, image: ImageArray) -> GridFeatures:
    """Bring a map, given in pixels of what was described, to pixels of the image."""
    rows, columns, size = found.values.shape
    values = found.values.reshape(rows * columns, size).astype(np.float32)
    scale = np.array([image.shape[1] / found.size[1], image.shape[0] / found.size[0]])
    place = [found.offset + found.stride * np.arange(n) for n in (columns, rows)]
    points = np.stack(np.meshgrid(*place), axis=-1).reshape(-1, 2)
    return GridFeatures(
        unit_length(values),
        resize_points(points, scale),
        found.stride * scale,
        Frame(*image.shape[:2]),
    )

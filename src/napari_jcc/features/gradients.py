"""Gradients of an image on a coarse grid, for images to be registered without weights."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import ImageArray
from napari_jcc.collection.intensity import resize_image
from napari_jcc.features.encoders import FeatureMap


def map_gradients(image: ImageArray, size: int, cell: int, width: float) -> FeatureMap:
    """Describe an image by SIFT around every grid point, upright and at one scale.

    Parameters
    ----------
    image : (H, W, 3) uint8
        RGB.
    size
        Longer side of the image that is described, in pixels.
    cell
        Distance of grid points in pixels of that image.
    width
        Width of the patch that one descriptor covers, likewise.

    Returns
    -------
    FeatureMap
        Of 128 whole numbers below 256.
    """
    shown = resize_to_multiples(image, size, cell)
    sides = shown.shape[:2]
    down, across = (np.arange(cell / 2 - 0.5, side, cell) for side in sides)
    # Four cells of three key point sizes each make the patch of a SIFT descriptor.
    points = [cv2.KeyPoint(float(x), float(y), width / 6, 0) for y in down for x in across]
    gray = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
    _, found = cv2.SIFT.create().compute(gray, points)
    values = np.asarray(found, np.float16).reshape(len(down), len(across), -1)
    return FeatureMap(values, cell, cell / 2 - 0.5, (sides[0], sides[1]))


def resize_to_multiples(image: ImageArray, size: int, multiple: int) -> ImageArray:
    """Bring the longer side near `size`, both sides to multiples of `multiple`."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    rows, columns = (
        max(round(side * scale / multiple), 2) * multiple for side in (height, width)
    )
    image = np.ascontiguousarray(image)
    if scale < 1:
        return resize_image(image, (rows, columns))
    resized = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(resized, dtype=np.uint8)

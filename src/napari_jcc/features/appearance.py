"""What every pixel looks like with its surroundings, at several scales."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, ImageArray
from napari_jcc.regions.superpixels import to_lab

SCALES = (2.0, 4.0, 8.0)
"""Widths of the Gaussians, in working pixels."""


def describe_pixels(image: ImageArray) -> Float32Array:
    """Colour, gradient, curvature and contrast around every pixel at several scales.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB.

    Returns
    -------
    (h, w, D) float32
    """
    lab = to_lab(image)
    planes = [lab[..., channel] for channel in range(3)]
    for scale in SCALES:
        smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), scale), np.float32)
        light = smooth[..., 0]
        planes += [smooth[..., channel] for channel in range(3)]
        planes += _structure(light)
        square = cv2.GaussianBlur(np.square(lab[..., 0]), (0, 0), scale)
        planes.append(np.sqrt(np.maximum(square - np.square(light), 0)))
    return np.stack(planes, axis=-1)


def _structure(light: Float32Array) -> list[Float32Array]:
    """Gradient and both curvatures of a smoothed plane, each (h, w)."""
    x, y, xx, yy, xy = (
        np.asarray(cv2.Sobel(light, cv2.CV_32F, *orders), np.float32)
        for orders in ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
    )
    spread = np.sqrt(np.square(xx - yy) + 4 * np.square(xy))
    return [np.hypot(x, y), (xx + yy + spread) / 2, (xx + yy - spread) / 2]

"""Appearance and position of superpixels, comparable across a set."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.features.pooling import pool_pixels
from napari_jcc.regions.regions import Superpixels
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


PLACES = 4
PLACE_WEIGHT = 0.3
"""Standard deviation of each of the four features of position; those of appearance have 1
together."""


def describe_appearance(image: ImageArray, superpixels: Superpixels) -> Float32Array:
    """Compute features of appearance and position of the superpixels of one image.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    superpixels
        Of the image.

    Returns
    -------
    (S, D + 4) float32
        Means of `describe_pixels`; x and y of the centre, as shares of the image's sides;
        and the distance of each from 1/2.
    """
    height, width = superpixels.label_map.shape
    place = superpixels.centre / np.array([width, height])
    parts = pool_pixels(describe_pixels(image), superpixels), place, np.abs(place - 0.5)
    return np.concatenate(parts, axis=1).astype(np.float32)


def scale_appearance(described: Sequence[Float32Array]) -> FloatArray:
    """Standardise the features of all images of a set.

    Parameters
    ----------
    described : list of (S_i, D + 4)
        Of `describe_appearance`.

    Returns
    -------
    (S, D + 4) float64
        The features of appearance have a total variance of 1, each the same; those of
        position have the standard deviation `PLACE_WEIGHT`.
    """
    values = np.concatenate(described).astype(np.float64)
    deviation = values.std(axis=0)
    standard = (values - values.mean(axis=0)) / (deviation + 1e-9)
    present = max(int((deviation[:-PLACES] > 1e-9).sum()), 1)
    standard[:, :-PLACES] /= np.sqrt(present)
    standard[:, -PLACES:] *= PLACE_WEIGHT
    return np.asarray(standard)

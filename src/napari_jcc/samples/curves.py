"""Smooth random curves, and tubes around them."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from napari_jcc._types import FloatArray

_POINTS = 400


def draw_curve(
    shape: tuple[int, int], length: float, bend: float, rng: np.random.Generator
) -> FloatArray:
    """Draw a smooth open curve, placed at random but inside the image where it fits.

    Parameters
    ----------
    shape
        Height and width.
    length
        Arc length in pixels.
    bend
        Standard deviation of the slowest turn of the direction, in radians.
    rng
        Random numbers.

    Returns
    -------
    points : (400, 2) float64
        Row and column, evenly spaced along the curve.
    """
    t = np.linspace(0, 1, _POINTS)
    waves = np.arange(1, 4)
    amplitude = bend * rng.standard_normal(waves.size) / waves**1.5
    phase = rng.uniform(0, 2 * np.pi, waves.size)
    direction = rng.uniform(0, 2 * np.pi) + amplitude @ np.sin(
        np.pi * waves[:, None] * t + phase[:, None]
    )
    step = length / (_POINTS - 1)
    steps = step * np.stack([np.sin(direction), np.cos(direction)], axis=1)
    points = np.cumsum(steps, axis=0)
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.maximum(np.array(shape) - (high - low), 0)
    return np.asarray(points - low + room * rng.uniform(0.2, 0.8, 2))


def draw_tube(
    shape: tuple[int, int], points: FloatArray, radius: float | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Measure every pixel against a tube.

    Parameters
    ----------
    shape
        Height and width.
    points : (K, 2)
        Row and column along the tube's axis.
    radius
        Of the tube in pixels; one, or one per point.

    Returns
    -------
    distance : (H, W) float64
        From the axis, in units of the radius there; 1 on the wall, infinite far away.
    place : (H, W) float64
        Nearest point of the axis, 0 to 1.
    """
    radius = np.broadcast_to(radius, len(points))
    reach = 3 * float(radius.max()) + 2
    low = np.clip(points.min(axis=0) - reach, 0, shape).astype(int)
    high = np.clip(points.max(axis=0) + reach + 1, 0, shape).astype(int)
    window = slice(low[0], high[0]), slice(low[1], high[1])
    pixels = np.moveaxis(np.mgrid[window], 0, -1)
    away, nearest = cKDTree(points).query(pixels, distance_upper_bound=reach)
    nearest = np.minimum(nearest, len(points) - 1)  # far pixels have no nearest point
    distance, place = np.full(shape, np.inf), np.zeros(shape)
    distance[window] = away / radius[nearest]
    place[window] = nearest / (len(points) - 1)
    return distance, place

"""What drawn microscopy shares: shapes, textures, uneven light, focus, a noisy camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_jcc._types import FloatArray

OFFSET = 100
"""Camera counts in the dark."""


def choose_size(rng: np.random.Generator) -> tuple[int, int]:
    """Height and width in pixels, each 200 to 320."""
    height, width = rng.integers(200, 321, 2)
    return int(height), int(width)


def grid(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Row and column of every pixel, (H, 1) and (1, W)."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return y.astype(float), x.astype(float)


def make_texture(
    shape: tuple[int, int], scale: float, rng: np.random.Generator
) -> FloatArray:
    """Smooth random field of mean 0 and standard deviation 1; `scale` in pixels."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), scale, mode="wrap")
    return np.asarray((field - field.mean()) / field.std())


def make_light(
    shape: tuple[int, int], unevenness: float, rng: np.random.Generator
) -> FloatArray:
    """Illumination with its maximum 1 off centre, falling to 1 - `unevenness` far away."""
    y, x = grid(shape)
    centre_y, centre_x = rng.uniform(0.2, 0.8, 2)
    distance = (y / shape[0] - centre_y) ** 2 + (x / shape[1] - centre_x) ** 2
    return np.asarray(1 - unevenness * distance / distance.max())


def draw_disc(
    shape: tuple[int, int],
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float,
) -> FloatArray:
    """Distance from an ellipse's centre in units of its radius; 1 on the rim.

    Parameters
    ----------
    shape
        Height and width.
    centre
        Row and column.
    radii
        Half axes in pixels.
    angle
        Of the first axis against the rows' direction, in radians.
    """
    y, x = grid(shape)
    dy, dx = y - centre[0], x - centre[1]
    along = (dx * np.cos(angle) + dy * np.sin(angle)) / radii[0]
    across = (dy * np.cos(angle) - dx * np.sin(angle)) / radii[1]
    return np.asarray(np.hypot(along, across))


def expose(
    scene: FloatArray, photons: float, gain: float, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Photograph a scene: shot noise, read noise, offset, 16-bit counts.

    Parameters
    ----------
    scene : (H, W)
        Brightness, at least 0; 1 gives `photons` photons per pixel on average.
    photons
        Exposure; fewer give more noise.
    gain
        Counts per photon.
    rng
        Random numbers.
    """
    electrons = rng.poisson(np.maximum(scene, 0) * photons)
    counts = OFFSET + gain * electrons + rng.normal(0, 6, scene.shape)
    return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)


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

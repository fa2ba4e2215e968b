"""Drawn bright-field images: one worm among eggs, bubbles and grains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.samples.microscope import (
    choose_size,
    draw_curve,
    draw_disc,
    draw_tube,
    expose,
    make_light,
    make_texture,
)


def draw_worm(rng: np.random.Generator) -> tuple[NDArray[np.uint16], MaskArray]:
    """Draw one image with one worm.

    Returns
    -------
    image : (H, W) uint16
        200 to 320 pixels a side.
    mask : (H, W) bool
        The worm before the blur of the optics.
    """
    shape = choose_size(rng)
    length = rng.uniform(0.75, 0.95) * min(shape)
    axis = draw_curve(shape, length, rng.uniform(0.6, 1.4), rng)
    distance, place = draw_tube(shape, axis, length * rng.uniform(0.048, 0.062) * _girth())
    mask = distance < 1
    scene = 0.80 + 0.02 * make_texture(shape, 12, rng) + 0.02 * make_texture(shape, 2, rng)
    scene *= _draw_debris(shape, rng)
    halo = 1 + 0.16 * np.exp(-(((distance - 1.15) / 0.18) ** 2))
    scene = np.where(mask, _draw_body(shape, distance, place, rng), scene * halo)
    scene *= make_light(shape, rng.uniform(0.15, 0.5), rng)
    scene = ndimage.gaussian_filter(scene, rng.uniform(0.7, 1.2))
    image = expose(scene, rng.uniform(200, 800), rng.uniform(5, 30), rng)
    return image, mask


def _girth() -> FloatArray:
    """Radius along the body, 400 values from head to tail, at most 1: blunt and pointed."""
    t = np.linspace(0, 1, 400)
    head = np.clip(t / 0.18, 0, 1) ** 0.5
    tail = np.clip((1 - t) / 0.38, 0, 1) ** 0.8
    return np.asarray(np.maximum(np.minimum(head, tail), 0.06))


def _draw_body(
    shape: tuple[int, int],
    distance: FloatArray,
    place: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Dark wall, lighter flesh with dark grains, a gut line and a clear throat."""
    wall = 0.26 * np.exp(-(((np.minimum(distance, 1) - 0.95) / 0.13) ** 2))
    grains = 0.06 * make_texture(shape, 1.2, rng) + 0.05 * make_texture(shape, 3.5, rng)
    gut = 0.14 * np.exp(-((np.minimum(distance, 3) / 0.35) ** 2)) * (place > 0.2)
    throat = 0.10 * np.exp(-(((place - 0.09) / 0.05) ** 2))
    depth = rng.uniform(0.40, 0.50)
    return np.asarray(depth - wall - gut + throat + grains)


def _draw_debris(shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Transmission of eggs (dark rim), bubbles (bright middle) and grains; 1 is clear."""
    clear = np.ones(shape)
    for _ in range(rng.integers(2, 6)):
        place = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        radius = rng.uniform(4, 7)
        egg = draw_disc(shape, place, (radius * 1.5, radius), rng.uniform(0, np.pi))
        clear -= 0.30 * np.exp(-(((egg - 0.9) / 0.22) ** 2))
        clear -= 0.10 * (egg < 0.8) * (1 + 0.5 * make_texture(shape, 1.5, rng))
    for _ in range(rng.integers(0, 3)):
        place = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        radius = rng.uniform(6, 13)
        bubble = draw_disc(shape, place, (radius, radius), 0)
        clear -= 0.35 * np.exp(-(((bubble - 1) / 0.12) ** 2))
        clear += 0.12 * np.exp(-((bubble / 0.5) ** 2))
    count = rng.integers(20, 60)
    rows, columns = (rng.integers(0, side, count) for side in shape)
    grains = np.zeros(shape)
    grains[rows, columns] = rng.uniform(0.5, 4, count)
    return np.asarray(np.clip(clear - ndimage.gaussian_filter(grains, 1.0), 0.2, 1.3))

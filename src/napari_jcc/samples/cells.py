"""Drawn fluorescence images: one cell among fibres, specks and haze."""

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
    grid,
    make_light,
    make_texture,
)


def draw_cell(rng: np.random.Generator) -> tuple[NDArray[np.uint16], MaskArray]:
    """Draw one image with one cell.

    Returns
    -------
    image : (H, W) uint16
        200 to 320 pixels a side.
    mask : (H, W) bool
        The cell before the blur of the optics.
    """
    shape = choose_size(rng)
    centre, reach = _draw_outline(shape, rng)  # reach: 0 in the centre, 1 on the rim
    mask = reach < 1
    scene = _draw_body(shape, reach, rng) + _draw_nucleus(shape, centre, rng) * mask
    scene += _draw_debris(shape, rng) + 0.16 + 0.03 * make_texture(shape, 30, rng)
    scene *= make_light(shape, rng.uniform(0.2, 0.6), rng)
    scene = ndimage.gaussian_filter(scene, rng.uniform(0.8, 1.4))
    image = expose(scene, rng.uniform(60, 200), rng.uniform(8, 40), rng)
    return image, mask


def _draw_outline(
    shape: tuple[int, int], rng: np.random.Generator
) -> tuple[tuple[float, float], FloatArray]:
    """Draw a stretched circle with a wavy rim, well inside the image."""
    radius = rng.uniform(0.17, 0.27) * min(shape)
    centre_y, centre_x = (float(rng.uniform(0.38, 0.62) * side) for side in shape)
    y, x = grid(shape)
    turn, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.35)
    dy, dx = y - centre_y, x - centre_x
    along = (dx * np.cos(turn) + dy * np.sin(turn)) / stretch
    across = (dy * np.cos(turn) - dx * np.sin(turn)) * stretch
    angle = np.arctan2(across, along)
    waves = np.arange(2, 8)
    strength = 0.22 * rng.standard_normal(waves.size) / waves
    phase = rng.uniform(0, 2 * np.pi, waves.size)
    rim = 1 + np.tensordot(
        strength, np.cos(waves[:, None, None] * angle + phase[:, None, None]), 1
    )
    return (centre_y, centre_x), np.hypot(along, across) / (radius * np.maximum(rim, 0.4))


def _draw_body(
    shape: tuple[int, int], reach: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Cytoplasm: thicker inside, mottled, with a brighter rim and vesicles."""
    thickness = np.sqrt(np.clip(1 - reach**4, 0, None))
    mottle = 0.16 * make_texture(shape, 2.0, rng) + 0.14 * make_texture(shape, 7.0, rng)
    rim = 0.25 * np.exp(-(((reach - 0.95) / 0.05) ** 2))
    spots = np.maximum(make_texture(shape, 1.3, rng) - 2.0, 0)
    body = thickness * (0.50 + mottle) + rim + 0.7 * spots * thickness
    return np.asarray(np.where(reach < 1, np.maximum(body, 0.18), 0))


def _draw_nucleus(
    shape: tuple[int, int], centre: tuple[float, float], rng: np.random.Generator
) -> FloatArray:
    radius = rng.uniform(0.07, 0.10) * min(shape)
    shift_y, shift_x = rng.uniform(-0.05, 0.05, 2) * min(shape)
    place = centre[0] + shift_y, centre[1] + shift_x
    radii = radius * rng.uniform(1.0, 1.3), radius
    distance = draw_disc(shape, place, radii, rng.uniform(0, np.pi))
    chromatin = 0.55 + 0.16 * make_texture(shape, 2.5, rng)
    return np.asarray(np.clip((1 - distance) * 6, 0, 1) * np.maximum(chromatin, 0))


def _draw_debris(shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Thin fibres, bright specks, and haze from out of focus."""
    layer = np.zeros(shape)
    for _ in range(rng.integers(2, 5)):
        length = rng.uniform(0.15, 0.35) * min(shape)
        fibre, _ = draw_tube(
            shape, draw_curve(shape, length, 1.0, rng), rng.uniform(0.8, 1.5)
        )
        layer += rng.uniform(0.2, 0.5) * (fibre < 1)
    count = rng.integers(15, 40)
    rows, columns = (rng.integers(0, side, count) for side in shape)
    specks = np.zeros(shape)
    specks[rows, columns] = rng.uniform(2, 10, count)
    layer += ndimage.gaussian_filter(specks, 1.1)
    haze = draw_disc(
        shape,
        (rng.uniform(0, shape[0]), rng.uniform(0, shape[1])),
        (rng.uniform(25, 45), rng.uniform(20, 30)),
        rng.uniform(0, np.pi),
    )
    return np.asarray(layer + 0.12 * np.exp(-(haze**2)))

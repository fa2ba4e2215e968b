"""Dense SIFT: gradient orientation histograms on a regular grid."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.features.extractor import RegionDescriptors
from napari_jcc.features.pooling import grid_centres, pool_boxes, pool_superpixels
from napari_jcc.regions.regions import ImageRegions, Superpixels

ORIENTATIONS = 8
CELLS = 4
"""Cells along each side of a patch."""
LARGEST_SHARE = 0.2
"""Cap of one bin of a unit vector; Lowe (2004), section 6.1."""
FAINT_GRADIENT = 1.0
"""Mean gradient, in gray levels a pixel, at which a patch is half flat: about the noise
that rounding to 8 bit and compression leave behind."""


class SiftExtractor:
    """Shape and texture: dense SIFT, averaged over superpixels and over boxes.

    Parameters
    ----------
    step
        Distance of the grid points in pixels, at least 1.
    size
        Width of a patch in pixels, at least 4.
    """

    name = "sift"
    is_histogram = True

    def __init__(self, step: int = 4, size: int = 16) -> None:
        self.step = step
        self.size = size

    def describe(self, image: ImageArray, regions: ImageRegions) -> RegionDescriptors:
        """Describe superpixels (S, 129) and boxes (R, 516) of `image` (h, w, 3) uint8."""
        grid = self._grid(image)
        return RegionDescriptors(
            superpixels=pool_superpixels(grid, regions.superpixels, self.step),
            boxes=pool_boxes(grid, regions.boxes, self.step),
        )

    def describe_superpixels(
        self, image: ImageArray, superpixels: Superpixels
    ) -> Float32Array:
        """Describe superpixels alone, (S, 129), of `image` (h, w, 3) uint8."""
        return pool_superpixels(self._grid(image), superpixels, self.step)

    def _grid(self, image: ImageArray) -> Float32Array:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        return describe_grid(gray, self.step, self.size)


def describe_grid(gray: Float32Array, step: int, size: int) -> Float32Array:
    """Describe the patch around every grid point, upright and at one scale.

    Parameters
    ----------
    gray : (h, w) float32
        Gray levels, 0 to 255.
    step
        Distance of the grid points in pixels.
    size
        Width of a patch in pixels.

    Returns
    -------
    grid : (ceil(h / step), ceil(w / step), 129) float32
        Non-negative, sum 1. The first 128 values are 4 x 4 cells of 8 orientations; the
        last is the share of the patch without gradient, without which normalisation would
        blow the noise of flat patches up to full texture.

    References
    ----------
    Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004.
    """
    cell_width = size / CELLS
    cells = _smooth_to_cells(_orientation_maps(gray), cell_width)
    offsets = (np.arange(CELLS) - (CELLS - 1) / 2) * cell_width
    rows = _sample_positions(gray.shape[0], step, offsets)
    columns = _sample_positions(gray.shape[1], step, offsets)
    samples = cells[rows.reshape(-1, 1), columns.reshape(1, -1)]
    samples = samples.reshape(len(rows), CELLS, len(columns), CELLS, ORIENTATIONS)
    samples *= _cell_weights(offsets, cell_width)
    histograms = samples.transpose(0, 2, 1, 3, 4).reshape(len(rows), len(columns), -1)
    return _normalise(histograms)


def _orientation_maps(gray: Float32Array) -> Float32Array:
    """Gradient magnitude, shared between the two nearest orientations, (h, w, 8)."""
    padded = np.pad(gray, 1, mode="edge")
    dx = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    dy = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    magnitude, angle = cv2.cartToPolar(dx, dy)
    position = angle * np.float32(ORIENTATIONS / (2 * np.pi))
    distance = np.abs(position[..., None] - np.arange(ORIENTATIONS, dtype=np.float32))
    distance = np.minimum(distance, ORIENTATIONS - distance)
    maps: Float32Array = np.maximum(1 - distance, 0) * magnitude[..., None]
    return maps


def _smooth_to_cells(maps: Float32Array, cell_width: float) -> Float32Array:
    """Sum the maps over a cell with triangular weights, which interpolate between cells."""
    reach = int(np.ceil(cell_width)) - 1
    taps = 1 - np.abs(np.arange(-reach, reach + 1)) / cell_width
    taps = (taps / taps.sum()).astype(np.float32)
    smooth = cv2.sepFilter2D(maps, -1, taps, taps, borderType=cv2.BORDER_REPLICATE)
    return smooth.astype(np.float32, copy=False)


def _sample_positions(length: int, step: int, offsets: np.ndarray) -> IntArray:
    """Pixel of every cell of every grid point along one axis, (grid, 4).

    Cells outside the image take the border pixel: a zero there would make "near the
    border" a texture of its own.
    """
    positions = grid_centres(length, step)[:, None] + offsets
    inside: IntArray = np.clip(np.floor(positions), 0, length - 1).astype(np.int64)
    return inside


def _cell_weights(offsets: np.ndarray, cell_width: float) -> Float32Array:
    """Gaussian weight of every cell, sigma half the patch, (4, 1, 4, 1)."""
    weights = np.exp(-0.5 * (offsets / (cell_width * CELLS / 2)) ** 2)
    product: FloatArray = np.outer(weights, weights)
    product = product / product.mean()
    return product.astype(np.float32)[:, None, :, None]


def _normalise(histograms: Float32Array) -> Float32Array:
    """Make unit length, cap, scale to sum 1, and add the bin of the flat share."""
    tiny = np.finfo(np.float32).tiny
    gradient = histograms.sum(axis=-1, keepdims=True) / CELLS**2
    length = np.linalg.norm(histograms, axis=-1, keepdims=True)
    capped = np.minimum(histograms / np.maximum(length, tiny), LARGEST_SHARE)
    shares = capped / np.maximum(capped.sum(axis=-1, keepdims=True), tiny)
    flat = FAINT_GRADIENT / (gradient + FAINT_GRADIENT)
    result: Float32Array = np.concatenate([shares * (1 - flat), flat], axis=-1)
    return result

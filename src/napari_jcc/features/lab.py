"""Colour: soft histograms in CIE Lab."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, ImageArray, IntArray
from napari_jcc.features.extractor import RegionDescriptors
from napari_jcc.features.pooling import pool_boxes
from napari_jcc.regions.regions import ImageRegions
from napari_jcc.regions.superpixels import to_lab

NODES = (4, 6, 6)
"""Histogram nodes along L, a and b."""
LOWEST = np.array([0, -50, -50], np.float32)
HIGHEST = np.array([100, 50, 50], np.float32)
"""Lab of the outer nodes. Colours beyond them, which are rare and vivid, count there."""
GRID_CELLS = 80
"""Grid cells along the longer side of the image, in which colours are counted for boxes."""


class LabExtractor:
    """Colour: joint Lab histogram of every superpixel and box.

    A pixel is shared between the eight nodes around its colour in proportion to its
    closeness (trilinear). The mean Lab of a region is then a linear function of its
    histogram, so that it needs no columns of its own.
    """

    name = "lab"
    is_histogram = True

    def describe(self, image: ImageArray, regions: ImageRegions) -> RegionDescriptors:
        """Describe superpixels (S, 144) and boxes (R, 576) of `image` (h, w, 3) uint8."""
        nodes, weights = assign_colours(image)
        labels = regions.superpixels.label_map
        step = max(1, -(-max(labels.shape) // GRID_CELLS))
        cells, (gh, gw) = _grid_cells(labels.shape, step)
        grid = _count(nodes, weights, cells, gh * gw).reshape(gh, gw, -1)
        return RegionDescriptors(
            superpixels=_count(nodes, weights, labels, len(regions.superpixels)),
            boxes=pool_boxes(grid, regions.boxes, step),
        )


def assign_colours(image: ImageArray) -> tuple[NDArray[np.int32], Float32Array]:
    """Share every pixel between the histogram nodes around its colour.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB.

    Returns
    -------
    nodes : (8, h, w) int32
        Nodes, 0 to 143.
    weights : (8, h, w) float32
        Share of each, in [0, 1]; they sum to 1.
    """
    lab = to_lab(image)
    last = np.array(NODES, np.float32) - 1
    position = np.clip((lab - LOWEST) / (HIGHEST - LOWEST), 0, 1) * last
    lower = np.minimum(position.astype(np.int32), np.array(NODES, np.int32) - 2)
    upper = position - lower
    lightness, a, b = np.moveaxis(np.stack([1 - upper, upper]), -1, 0)  # (2, h, w) each
    weights = np.einsum("ihw,jhw,khw->ijkhw", lightness, a, b).reshape(8, *lab.shape[:2])
    strides = np.array([NODES[1] * NODES[2], NODES[2], 1], np.int32)
    corners = np.indices((2, 2, 2), np.int32).reshape(3, 8)
    nodes = (lower @ strides) + (strides @ corners)[:, None, None]
    return nodes, weights


def _grid_cells(shape: tuple[int, int], step: int) -> tuple[IntArray, tuple[int, int]]:
    """Grid cell of every pixel, (h, w), and the number of cells down and across."""
    rows, columns = (np.arange(length) // step for length in shape)
    size = int(rows[-1]) + 1, int(columns[-1]) + 1
    return rows[:, None] * size[1] + columns, size


def _count(
    nodes: NDArray[np.int32], weights: Float32Array, labels: NDArray, size: int
) -> Float32Array:
    """Histogram of the pixels of every label, sum 1, (size, 144)."""
    bins = int(np.prod(NODES))
    first = labels.astype(np.int64) * bins
    total = sum(
        np.bincount((first + node).ravel(), weight.ravel(), size * bins)
        for node, weight in zip(nodes, weights, strict=True)
    )
    area = np.maximum(np.bincount(labels.ravel(), minlength=size), 1)
    return (np.reshape(total, (size, bins)) / area[:, None]).astype(np.float32)

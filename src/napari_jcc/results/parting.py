"""Objects parted at their necks, and whether those of a set are compact enough for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import local_maxima
from skimage.segmentation import watershed

from napari_jcc._types import Float32Array, FloatArray, LabelMap

_NECK = 0.85
"""Objects meet at a neck if it is narrower than this share of the smaller one."""
_STEP = 1.0
"""Pixels by which half a neck must be narrower as well, as outlines are made of pixels."""
_COMPACT = 2.0
"""Compact objects are less than so many times as large as the largest disc inside. Typical
values were 1.1 to 1.6 in sets of nuclei, coins and budding cells, 2.2 in rods with waists,
2.6 to 3.2 in short rods, stars and crescents, and 4.7 to 12 in rods and worms."""

Border = tuple[int, int, float]
"""Two neighbours and the half width of their neck."""


def part_touching(labels: LabelMap) -> LabelMap:
    """Cut every object at its necks.

    Cuts are those of a watershed from the places that lie deepest inside. Neighbours
    without a neck between them stay one object.

    Parameters
    ----------
    labels : (H, W) int32
        Numbered pieces of a mask; 0: no object.

    Returns
    -------
    (H, W) int32
        Parts of these, 1 to K.
    """
    inside = labels > 0
    depth = _measure_depth(labels)
    tops = local_maxima(depth, connectivity=2) & inside
    _, seeds = cv2.connectedComponents(tops.astype(np.uint8), connectivity=8)
    corners = np.ones((3, 3), np.bool_)
    basins = watershed(-depth, seeds, corners, mask=inside).astype(np.int32)
    owners = _join_neckless(_find_borders(basins, depth), _deepest(basins, depth))
    _, numbers = np.unique(owners, return_inverse=True)
    return np.asarray(numbers[basins], dtype=np.int32)


def compare_with_discs(parts: LabelMap) -> FloatArray:
    """Compare parts of objects with the largest discs inside them.

    Parameters
    ----------
    parts : (H, W) int32
        Of `part_touching`.

    Returns
    -------
    (K, 2) float64
        Share of the image, and how many times larger than the disc.
    """
    areas = np.bincount(parts.ravel())[1:]
    radii = np.maximum(_deepest(parts, _measure_depth(parts))[1:], 1)
    return np.column_stack([areas / parts.size, areas / (np.pi * radii**2)])


def are_compact(compared: Iterable[FloatArray]) -> bool:
    """Whether the objects of a set are compact, by what `compare_with_discs` returned.

    The typical object is meant: the median, weighted by area.
    """
    areas, ratios = np.concatenate([np.zeros((0, 2)), *compared]).T
    return bool(areas[ratios < _COMPACT].sum() > areas.sum() / 2)


def _measure_depth(labels: LabelMap) -> Float32Array:
    """Distance of every pixel from what is no object."""
    inside = (labels > 0).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5), np.float32)


def _deepest(labels: LabelMap, depth: Float32Array) -> FloatArray:
    """Largest depth by number, 0 included."""
    deepest = np.zeros(int(labels.max(initial=0)) + 1)
    np.maximum.at(deepest, labels.ravel(), depth.ravel())
    return deepest


def _find_borders(basins: LabelMap, depth: Float32Array) -> list[Border]:
    """Find the neighbours, widest neck first; the same two may come more than once."""
    found = []
    for (one, other), depths in zip(_neighbours(basins), _neighbours(depth), strict=True):
        meet = (one != other) & (one > 0) & (other > 0)
        width = np.minimum(*depths)[meet]
        found.append(np.column_stack([one[meet], other[meet], width]))
    borders = np.concatenate(found)
    order = np.lexsort((borders[:, 1], borders[:, 0], -borders[:, 2]))
    return [(int(one), int(other), width) for one, other, width in borders[order].tolist()]


def _neighbours(values: NDArray) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield views of an image in which neighbours lie upon each other."""
    yield values[:, :-1], values[:, 1:]
    yield values[:-1], values[1:]
    yield values[:-1, :-1], values[1:, 1:]
    yield values[:-1, 1:], values[1:, :-1]


def _join_neckless(borders: Sequence[Border], deepest: FloatArray) -> list[int]:
    """Name, for every basin, the deepest of those that make one object with it."""
    owners = list(range(len(deepest)))

    def owner(basin: int) -> int:
        while owners[basin] != basin:
            basin = owners[basin]
        return basin

    for one, other, width in borders:
        low, high = sorted((owner(one), owner(other)), key=lambda basin: deepest[basin])
        if width >= min(_NECK * deepest[low], deepest[low] - _STEP):
            owners[low] = high
    return [owner(basin) for basin in owners]

"""Sources of candidate boxes; every function returns (R, 4) int64 ``xyxy`` in pixels."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import find_objects
from skimage.filters import threshold_otsu

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.collection.intensity import reduce_image
from napari_jcc.regions.overlap import box_area
from napari_jcc.regions.regions import Superpixels

_OTSU_MULTIPLES = (0.6, 0.8, 1.0, 1.2, 1.4)
_GRID_SCALES = (0.2, 0.3, 0.45, 0.65, 0.85)
_GRID_ASPECTS = (0.5, 1.0, 2.0)
_GRID_STEP = 0.2
"""Step of the grid, as a share of the box side."""


def has_selective_search() -> bool:
    """Whether the installed OpenCV comes with its contrib modules."""
    return hasattr(cv2, "ximgproc") and hasattr(cv2.ximgproc, "segmentation")


def selective_search_boxes(image: ImageArray, proposal_size: int) -> IntArray:
    """Boxes of fast selective search on a reduced image, sorted, each once.

    The search orders its boxes by random numbers but finds the same ones every time.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB.
    proposal_size
        Longer side of the reduced image in pixels; never enlarged.

    References
    ----------
    Uijlings et al., Selective search for object recognition, IJCV 2013.
    """
    small = reduce_image(image, proposal_size)
    search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
    search.setBaseImage(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    search.switchToSelectiveSearchFast()
    corner_and_size = np.asarray(search.process(), float).reshape(-1, 4)
    corner = corner_and_size[:, :2]
    boxes = np.concatenate([corner, corner + corner_and_size[:, 2:]], axis=1)
    factor = np.tile(np.array(image.shape[1::-1]) / small.shape[1::-1], 2)
    return np.unique(np.rint(boxes * factor).astype(np.int64), axis=0)


def saliency_boxes(saliency_map: Float32Array, most: int = 2) -> IntArray:
    """Boxes around the largest parts of the saliency above several thresholds.

    Parameters
    ----------
    saliency_map : (h, w) float32
        From 0 to 1. The thresholds are multiples of Otsu's; none for a flat map.
    most
        Parts kept at every threshold.
    """
    if np.ptp(saliency_map) == 0:
        return np.zeros((0, 4), np.int64)
    otsu = threshold_otsu(saliency_map)
    parts = [
        _largest_parts(saliency_map > factor * otsu, most) for factor in _OTSU_MULTIPLES
    ]
    return np.unique(np.concatenate(parts), axis=0)


def count_parts(saliency_map: Float32Array, smallest: float) -> int:
    """Count the parts of the saliency above Otsu's threshold.

    Parameters
    ----------
    saliency_map : (h, w) float32
        From 0 to 1.
    smallest
        Parts whose box covers a smaller share of the image do not count.
    """
    if np.ptp(saliency_map) == 0:
        return 0
    otsu = threshold_otsu(saliency_map)
    boxes = _largest_parts(saliency_map > otsu, saliency_map.size)
    return int((box_area(boxes) >= smallest * saliency_map.size).sum())


def grid_boxes(shape: tuple[int, ...]) -> IntArray:
    """Boxes of several scales and shapes on a regular grid.

    Parameters
    ----------
    shape
        Height and width of the image in pixels.
    """
    size = np.array([shape[1], shape[0]])
    boxes = [
        _shifted(size, scale * np.array([np.sqrt(aspect), 1 / np.sqrt(aspect)]))
        for scale in _GRID_SCALES
        for aspect in _GRID_ASPECTS
    ]
    return np.unique(np.concatenate(boxes), axis=0)


def group_boxes(superpixels: Superpixels) -> IntArray:
    """Boxes around all groups that arise when similar neighbours are merged.

    Regions merge pairwise, whenever two are most similar to each other; three readings
    of similar are followed, each from single superpixels to the whole image.

    References
    ----------
    Murtagh, A survey of recent advances in hierarchical clustering algorithms, 1983
    (reciprocal nearest neighbours).
    """
    single = _superpixel_boxes(superpixels)
    boxes = [
        _merge_boxes(superpixels, single, colour_weight=colour, size_power=power)
        for colour, power in ((1.0, 1.0), (1.0, 0.5), (0.0, 1.0))
    ]
    return np.unique(np.concatenate(boxes), axis=0)


def _largest_parts(mask: np.ndarray, most: int) -> IntArray:
    """Boxes of the largest connected parts of a mask, (at most `most`, 4)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    parts = stats[1:].astype(np.int64)
    largest = parts[np.argsort(-parts[:, cv2.CC_STAT_AREA], kind="stable")]
    corner, size = largest[:most, :2], largest[:most, 2:4]
    return np.concatenate([corner, corner + size], axis=1)


def _shifted(size: IntArray, share: FloatArray) -> IntArray:
    """Boxes of one size, a share of the image's (x, y), shifted over the image."""
    side = np.clip(np.rint(share * size).astype(np.int64), 1, size)
    steps = np.ceil((size - side) / (_GRID_STEP * side)).astype(int)
    x = np.rint(np.linspace(0, size[0] - side[0], steps[0] + 1)).astype(np.int64)
    y = np.rint(np.linspace(0, size[1] - side[1], steps[1] + 1)).astype(np.int64)
    corner = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return np.concatenate([corner, corner + side], axis=1)


def _merge_boxes(
    superpixels: Superpixels, boxes: IntArray, *, colour_weight: float, size_power: float
) -> IntArray:
    """Boxes of single superpixels (S, 4) and of all groups they merge to."""
    colour, area = superpixels.colour.astype(float), superpixels.area.astype(float)
    pairs = superpixels.neighbours
    found = [boxes]
    while len(pairs):
        cost = _merge_cost(colour, area, pairs, colour_weight, size_power)
        group = _mutual_groups(cost, pairs, len(area))
        boxes = _joined_boxes(boxes, group)
        total = np.bincount(group, area)
        weighted = [np.bincount(group, area * channel) for channel in colour.T]
        colour, area = np.stack(weighted, axis=1) / total[:, None], total
        pairs = _joined_pairs(group[pairs])
        found.append(boxes)
    return np.unique(np.concatenate(found), axis=0)


def _superpixel_boxes(superpixels: Superpixels) -> IntArray:
    spans = find_objects(superpixels.label_map.astype(np.int64) + 1)
    return np.array([(x.start, y.start, x.stop, y.stop) for y, x in spans], np.int64)


def _joined_boxes(boxes: IntArray, group: np.ndarray) -> IntArray:
    """Smallest box around the boxes of every group, (groups, 4)."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    low = np.minimum.reduceat(boxes[order, :2], starts)
    high = np.maximum.reduceat(boxes[order, 2:], starts)
    return np.concatenate([low, high], axis=1).astype(np.int64)


def _merge_cost(
    colour: FloatArray,
    area: FloatArray,
    pairs: IntArray,
    colour_weight: float,
    size_power: float,
) -> FloatArray:
    """Ward's cost at power 1 and weight 1; by size alone at weight 0."""
    first, second = pairs.T
    squared = ((colour[first] - colour[second]) ** 2).sum(axis=1)
    harmonic = area[first] * area[second] / (area[first] + area[second])
    # One squared Lab unit: pairs of equal colour still merge by size.
    return np.asarray((1.0 + colour_weight * squared) * harmonic**size_power)


def _mutual_groups(cost: FloatArray, pairs: IntArray, count: int) -> IntArray:
    """Label every region anew after the pairs that prefer each other have merged.

    Ranks replace costs, so that ties cannot stop the merging: the cheapest pair of all is
    always mutual.
    """
    rank = np.empty(len(cost), np.int64)
    rank[np.argsort(cost, kind="stable")] = np.arange(len(cost))
    best = np.full(count, len(cost))
    np.minimum.at(best, pairs[:, 0], rank)
    np.minimum.at(best, pairs[:, 1], rank)
    mutual = (best[pairs[:, 0]] == rank) & (best[pairs[:, 1]] == rank)
    target = np.arange(count)
    target[pairs[mutual, 1]] = pairs[mutual, 0]
    _, group = np.unique(target, return_inverse=True)
    return group.astype(np.int64)


def _joined_pairs(pairs: IntArray) -> IntArray:
    """Pairs of different groups, first < second, each once."""
    first, second = pairs.min(axis=1), pairs.max(axis=1)
    count = second.max(initial=0) + 1
    codes = np.unique((first * count + second)[first != second])
    return np.stack(np.divmod(codes, count), axis=1)

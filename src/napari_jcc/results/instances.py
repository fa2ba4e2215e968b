"""Several objects in one mask: numbered, boxed, and parted where they touch."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from napari_jcc._types import Float32Array, LabelMap, MaskArray


def number_objects(
    mask: MaskArray, smallest: float = 0.0, part_touching: bool = False
) -> LabelMap:
    """Give the objects of a mask numbers.

    Parameters
    ----------
    mask : (H, W) bool
        Everything that is object.
    smallest
        Pieces that cover a smaller share of the image are left out, 0 to 1.
    part_touching
        Cut round objects that touch at their necks: a watershed from the places that
        lie deepest inside. Long or bent objects would fall apart.

    Returns
    -------
    (H, W) int32
        0: no object; 1 to K.
    """
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    kept = stats[:, cv2.CC_STAT_AREA] >= smallest * mask.size
    kept[0] = False
    numbers = np.cumsum(kept) * kept
    labels = numbers[pieces].astype(np.int32)
    return _part(labels) if part_touching else labels


def renumber(labels: LabelMap, mask: MaskArray) -> LabelMap:
    """Give numbers to the objects of an edited mask, those they had where they had one.

    Parameters
    ----------
    labels : (H, W) int32
        Numbers before the edit.
    mask : (H, W) bool
        Everything that is object now.

    Returns
    -------
    (H, W) int32
        Pixels that were taken away have no number, those added to an object have its
        number, and new pieces have new ones.
    """
    kept: LabelMap = np.where(mask, labels, 0).astype(np.int32)
    added = mask & (kept == 0)
    if not added.any():
        return kept
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    known = np.zeros(count + 1, bool)
    known[0] = known[pieces[kept > 0]] = True  # 0: outside
    joined = added & known[pieces]
    numbers = (int(kept.max(initial=0)) + np.cumsum(~known)) * ~known
    found = np.where(added & ~joined, numbers[pieces], kept).astype(np.int32)
    if joined.any():
        nearest = ndimage.distance_transform_edt(
            found == 0, return_distances=False, return_indices=True
        )
        found[joined] = found[tuple(nearest)][joined]
    return found


def object_boxes(labels: LabelMap) -> Float32Array:
    """Tight boxes of numbered objects, (K, 4) ``xyxy``, half-open, in their order."""
    count = int(labels.max(initial=0))
    y, x = np.nonzero(labels)
    number = labels[y, x] - 1
    low = np.full((count, 2), np.inf)
    high = np.full((count, 2), -np.inf)
    points = np.stack([x, y], axis=1).astype(np.float64)
    np.minimum.at(low, number, points)
    np.maximum.at(high, number, points + 1)
    return np.concatenate([low, high], axis=1).astype(np.float32)


def _part(labels: LabelMap) -> LabelMap:
    """Cut every object at its necks."""
    depth = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    # Two peaks nearer than the radius of a typical object belong to one.
    radius = max(1, round(float(np.median(_deepest(depth, labels)))))
    peaks = peak_local_max(depth, min_distance=radius, labels=labels)
    seeds = np.zeros_like(labels)
    order = np.lexsort((peaks[:, 1], peaks[:, 0]))
    seeds[tuple(peaks[order].T)] = np.arange(1, len(peaks) + 1)
    parts = watershed(-depth, seeds, mask=labels > 0)
    return np.asarray(parts, dtype=np.int32)


def _deepest(depth: np.ndarray, labels: LabelMap) -> np.ndarray:
    deepest = np.zeros(int(labels.max(initial=0)) + 1)
    np.maximum.at(deepest, labels.ravel(), depth.ravel())
    return deepest[1:] if len(deepest) > 1 else np.ones(1)

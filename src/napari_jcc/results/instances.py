"""Several objects in one mask: numbered, boxed, and parted where they touch."""

from __future__ import annotations

import math

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from napari_jcc._types import Float32Array, LabelMap, MaskArray
from napari_jcc.regions import mask_extent


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
    numbers = (np.cumsum(kept) * kept).astype(np.int32)
    labels = numbers[pieces]
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
    found: LabelMap = np.where(mask, labels, 0).astype(np.int32, copy=False)
    added = mask & (found == 0)
    if not added.any():
        return found
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    grown = np.zeros(count + 1, bool)
    grown[pieces[added]] = True
    window = _within_reach(grown[pieces])  # an edit changes little of a large image
    highest = int(found.max(initial=0))
    own = np.asarray(pieces[window], np.int32)
    _number_added(found[window], added[window], own, ~grown, highest)
    return found


def _number_added(
    labels: LabelMap, added: MaskArray, pieces: LabelMap, known: MaskArray, highest: int
) -> None:
    """Give numbers to the pixels of `added`, in place; `known` are pieces without any."""
    known[pieces[labels > 0]] = True
    numbers = (highest + np.cumsum(~known)).astype(np.int32)
    joined = added & known[pieces]
    fresh = added & ~joined
    labels[fresh] = numbers[pieces[fresh]]
    if joined.any():
        # The nearest pixel of an object is one of its outline.
        objects = (labels > 0).astype(np.uint8)
        outline = np.argwhere(objects > cv2.erode(objects, np.ones((3, 3))))
        _, nearest = KDTree(outline).query(np.argwhere(joined))
        labels[joined] = labels[tuple(outline[nearest].T)]


def _within_reach(mask: MaskArray) -> tuple[slice, slice]:
    """Rows and columns no further from a mask's pixels than these are from each other."""
    extent = mask_extent(mask)
    reach = math.ceil(math.hypot(*(own.stop - own.start for own in extent)))
    rows, columns = (slice(max(0, own.start - reach), own.stop + reach) for own in extent)
    return rows, columns


def object_boxes(labels: LabelMap) -> Float32Array:
    """Tight boxes of numbered objects, (K, 4) ``xyxy``, half-open, in their order."""
    boxes = list(boxes_by_number(labels).values())
    return np.array(boxes, dtype=np.float32).reshape(len(boxes), 4)


def boxes_by_number(labels: LabelMap) -> dict[int, Float32Array]:
    """Find the tight box of every number that some pixel has, ``xyxy``, half-open."""
    return {
        number: np.array(
            [place[1].start, place[0].start, place[1].stop, place[0].stop], np.float32
        )
        for number, place in enumerate(ndimage.find_objects(labels), start=1)
        if place is not None
    }


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

"""How well a mask, its outline or a box agrees with the truth."""

from __future__ import annotations

import math
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import ImageArray, MaskArray
from napari_jcc.errors import InputError
from napari_jcc.regions import box_iou, mask_iou

LOCALIZED_IOU = 0.5
"""A box localizes an object when their IoU is above this (the PASCAL VOC criterion)."""


def pixel_accuracy(mask: MaskArray, truth: MaskArray) -> float:
    """Share of pixels, object and rest, on which two masks (H, W) bool agree ("P").

    Raises
    ------
    InputError
        If the masks differ in size or have no pixels.
    """
    check_masks(mask, truth)
    return float(np.mean(mask == truth))


def jaccard(mask: MaskArray, truth: MaskArray) -> float:
    """Pixels in both masks, (H, W) bool, as share of those in either: IoU ("J").

    1 if both masks are empty, as they then agree.

    Raises
    ------
    InputError
        If the masks differ in size or have no pixels.
    """
    check_masks(mask, truth)
    return mask_iou(mask, truth)


def best_iou(boxes: ArrayLike, truth_boxes: ArrayLike) -> float:
    """Best IoU of one of `boxes`, (4,) or (A, 4), with one of (K, 4); 0 if K is 0."""
    ours, true = (np.asarray(found, np.float64) for found in (boxes, truth_boxes))
    return float(box_iou(ours[..., None, :], true).max(initial=0.0))


def check_masks(mask: MaskArray, truth: MaskArray) -> None:
    """Raise `InputError` unless two masks are boolean, of one size, and have pixels."""
    for values in (mask, truth):
        if values.dtype != np.bool_:
            # 255 and True would count as different.
            raise InputError(
                f"A mask must be boolean, got {values.dtype}. Where all but 0 is object, "
                "give mask > 0."
            )
    if mask.shape != truth.shape:
        raise InputError(
            f"The mask has shape {mask.shape} but the truth {truth.shape} (height, width). "
            "Compare masks of the same image at the same size."
        )
    if mask.size == 0:
        raise InputError(f"Masks of shape {mask.shape} have no pixels to compare.")


TOLERANCE = 0.0075
"""Share of the image's diagonal by which an outline may be off (Martin, Fowlkes and Malik,
Learning to detect natural image boundaries, TPAMI 2004)."""


def boundary_f(mask: MaskArray, truth: MaskArray, tolerance: float | None = None) -> float:
    """F measure of the outline of `mask` ("F").

    Precision is the share of its outline that is no farther than `tolerance` from the true
    outline, recall the share of the true outline that is no farther from its own; F is
    their harmonic mean. Pixels are not matched one to one. An outline is made of the
    object's pixels that have a neighbour (left, right, above or below) outside of it; the
    edge of the picture is no outline.

    Parameters
    ----------
    mask : (H, W) bool
        The answer.
    truth : (H, W) bool
        The truth.
    tolerance
        Distance in pixels; by default `TOLERANCE` of the diagonal, rounded up, which is
        3 in an image of 320 x 213.

    Returns
    -------
    f
        In [0, 1]. Where neither mask has an outline, 1 if they are equal, else 0.

    Raises
    ------
    InputError
        If the masks differ in size or have no pixels, or the tolerance is negative.
    """
    check_masks(mask, truth)
    if tolerance is None:
        tolerance = math.ceil(TOLERANCE * math.hypot(*mask.shape))
    if not tolerance >= 0:
        raise InputError(f"The tolerance must be at least 0 pixels, got {tolerance}.")
    outline, true_outline = find_outline(mask), find_outline(truth)
    if not outline.any() and not true_outline.any():
        return float(np.array_equal(mask, truth))
    precision = _share_near(outline, true_outline, tolerance)
    recall = _share_near(true_outline, outline, tolerance)
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def find_outline(mask: MaskArray) -> MaskArray:
    """Return the pixels of `mask` (H, W) that touch a pixel outside of it by a side."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    # What lies beyond the edge of the picture does not erode.
    inner = cv2.erode(np.ascontiguousarray(mask, dtype=np.uint8), cross)
    return np.asarray(mask & (inner == 0))


def _share_near(outline: MaskArray, other: MaskArray, tolerance: float) -> float:
    """Share of `outline` within `tolerance` of `other`; 0 if either is empty."""
    if not outline.any() or not other.any():
        return 0.0
    free = np.where(other, np.uint8(0), np.uint8(1))
    distance = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # A float32 root: 5 comes out as 4.9999995 or 5.0000005.
    return float(np.mean(distance[outline] <= tolerance + 1e-4))


class Agreement(IntEnum):
    """What a pixel of `map_agreement` says."""

    REST = 0
    """Rightly left out."""
    HIT = 1
    """Rightly object."""
    MISS = 2
    """Object that the mask leaves out."""
    FALSE_ALARM = 3
    """Object only in the mask."""


def map_agreement(mask: MaskArray, truth: MaskArray) -> ImageArray:
    """Compare a mask, (H, W) bool, with the truth, likewise.

    Returns
    -------
    codes : (H, W) uint8
        Values of `Agreement`; shown as labels they need no further work.

    Raises
    ------
    InputError
        If the masks differ in size or have no pixels.
    """
    check_masks(mask, truth)
    table = np.array(
        [[Agreement.REST, Agreement.FALSE_ALARM], [Agreement.MISS, Agreement.HIT]],
        dtype=np.uint8,
    )
    return table[truth.astype(np.intp), mask.astype(np.intp)]

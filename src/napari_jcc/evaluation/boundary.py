"""How well the outline of a mask agrees with the true outline."""

from __future__ import annotations

import math

import cv2
import numpy as np

from napari_jcc._types import MaskArray
from napari_jcc.errors import InputError
from napari_jcc.evaluation.metrics import check_masks

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

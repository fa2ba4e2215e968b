"""How well a mask or a box agrees with the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.errors import InputError

LOCALIZED_IOU = 0.5
"""A box localizes an object when their IoU is above this (the PASCAL VOC criterion)."""


def pixel_accuracy(mask: MaskArray, truth: MaskArray) -> float:
    """Share of pixels, object and rest, on which `mask` agrees with `truth` ("P").

    Parameters
    ----------
    mask : (H, W) bool
        The answer.
    truth : (H, W) bool
        The truth.

    Returns
    -------
    accuracy
        In [0, 1].

    Raises
    ------
    InputError
        If the masks differ in size or have no pixels.
    """
    check_masks(mask, truth)
    return float(np.mean(mask == truth))


def jaccard(mask: MaskArray, truth: MaskArray) -> float:
    """Pixels in both masks as share of the pixels in either: foreground IoU ("J").

    Parameters
    ----------
    mask : (H, W) bool
        The answer.
    truth : (H, W) bool
        The truth.

    Returns
    -------
    index
        In [0, 1]; 1 if both masks are empty, as they then agree.

    Raises
    ------
    InputError
        If the masks differ in size or have no pixels.
    """
    check_masks(mask, truth)
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 1.0


def box_iou(boxes: ArrayLike, others: ArrayLike) -> FloatArray:
    """Intersection over union of every box with every other box.

    Parameters
    ----------
    boxes : (A, 4) array-like
        ``xyxy``, half-open. A box with NaN stands for no answer.
    others : (B, 4) array-like
        As `boxes`.

    Returns
    -------
    iou : (A, B) float64
        In [0, 1]; 0 where a box is NaN or has no area.
    """
    a = np.asarray(boxes, dtype=np.float64).reshape(-1, 1, 4)
    b = np.asarray(others, dtype=np.float64).reshape(1, -1, 4)
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.maximum(size, 0).prod(axis=-1)
    union = _area(a) + _area(b) - shared
    # Comparisons with NaN are false, which leaves the zero in place.
    iou: FloatArray = np.zeros_like(shared)
    np.divide(shared, union, out=iou, where=shared > 0)
    return iou


def best_iou(box: ArrayLike, truth_boxes: ArrayLike) -> float:
    """IoU of `box` (4,) with the truth box (K, 4) that it meets best; 0 if K is 0."""
    return float(box_iou(box, truth_boxes).max(initial=0.0))


def _area(boxes: FloatArray) -> FloatArray:
    sides: FloatArray = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return sides[..., 0] * sides[..., 1]


def check_masks(mask: MaskArray, truth: MaskArray) -> None:
    """Raise `InputError` unless two masks are of one size and have pixels."""
    if mask.shape != truth.shape:
        raise InputError(
            f"The mask has shape {mask.shape} but the truth {truth.shape} (height, width). "
            "Compare masks of the same image at the same size."
        )
    if mask.size == 0:
        raise InputError(f"Masks of shape {mask.shape} have no pixels to compare.")

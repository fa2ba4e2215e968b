"""How well a mask or a box agrees with the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import MaskArray
from napari_jcc.errors import InputError
from napari_jcc.regions import box_iou

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


def best_iou(boxes: ArrayLike, truth_boxes: ArrayLike) -> float:
    """Best IoU of one of `boxes`, (4,) or (A, 4), with one of (K, 4); 0 if K is 0."""
    ours, true = (np.asarray(found, np.float64) for found in (boxes, truth_boxes))
    return float(box_iou(ours[..., None, :], true).max(initial=0.0))


def check_masks(mask: MaskArray, truth: MaskArray) -> None:
    """Raise `InputError` unless two masks are of one size and have pixels."""
    if mask.shape != truth.shape:
        raise InputError(
            f"The mask has shape {mask.shape} but the truth {truth.shape} (height, width). "
            "Compare masks of the same image at the same size."
        )
    if mask.size == 0:
        raise InputError(f"Masks of shape {mask.shape} have no pixels to compare.")

"""Boxes by themselves: their area, their overlap, and the box of a mask."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, FloatArray, MaskArray

Boxes = NDArray[np.integer | np.floating]


def box_area(boxes: Boxes) -> FloatArray:
    """Area of boxes (..., 4) ``xyxy``, half-open, (...,); 0 where a side is negative."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0).astype(np.float64)
    return np.asarray(sides[..., 0] * sides[..., 1])


def box_iou(box: Boxes, others: Boxes) -> FloatArray:
    """Intersection over union of one box (4,) with others (R, 4), (R,).

    Parameters
    ----------
    box, others
        ``xyxy``, half-open, of an area above 0.
    """
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = box_area(np.concatenate([low, high], axis=1))
    return np.asarray(shared / (box_area(box) + box_area(others) - shared))


def largest_piece(mask: MaskArray) -> Float32Array:
    """Box of the largest connected piece of a mask that is not empty, (4,) xyxy."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    x, y, width, height, _ = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    return np.array([x, y, x + width, y + height], dtype=np.float32)

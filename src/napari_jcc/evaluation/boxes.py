"""Boxes of several images: read from a table, or drawn around the pieces of a mask."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.results.box_table import read_scored_boxes

SMALLEST_PIECE = 0.1
"""Pieces of a mask below this share of its largest piece are specks, not objects."""


def boxes_of_mask(mask: MaskArray) -> Float32Array:
    """Draw the tight box of every object in a mask.

    Every connected piece (also across corners) counts as one object, so that in a picture
    of several objects any of them may be found. Pieces smaller than a tenth of the largest
    are left out. An object that something in front cuts in two counts as two: give a table
    of boxes where that matters.

    Parameters
    ----------
    mask : (H, W) bool
        Object pixels.

    Returns
    -------
    boxes : (K, 4) float32
        ``xyxy``, half-open, largest piece first; K is 0 for an empty mask.
    """
    statistics = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)[2]
    x, y, width, height, area = statistics[1:].T  # row 0 is the background
    boxes = np.stack([x, y, x + width, y + height], axis=-1).astype(np.float32)
    order = np.argsort(-area, kind="stable")
    order = order[area[order] >= SMALLEST_PIECE * area.max(initial=0)]
    chosen: Float32Array = boxes[order]
    return chosen


def read_boxes(path: Path) -> dict[str, Float32Array]:
    """Read the boxes of a table as `read_scored_boxes`: (K, 4) float32 by image."""
    found = read_scored_boxes(path)
    return {name.strip(): boxes for name, (boxes, _) in found.items()}

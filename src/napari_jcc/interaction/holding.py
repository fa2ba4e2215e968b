"""Strokes leave the mask as it was where they say nothing."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import MaskArray
from napari_jcc.interaction.edit import BACKGROUND, OBJECT, MarkArray

MANY = 3
"""So many strokes of both kinds say how object and background differ."""


def hold_elsewhere(mask: MaskArray, before: MaskArray, marks: MarkArray) -> MaskArray:
    """Drop the changes of a mask that the strokes on it do not account for.

    A few strokes, or strokes of one kind, say little of what is to stay: where object and
    background look alike, the rest of the object would go with the erased shadow. They
    change the mask up to the square root of half their area from them. Where there are
    `MANY`, and of both kinds, all changes count that hang together with one of them.

    Parameters
    ----------
    mask : (h, w) bool
        The mask that follows the strokes.
    before : (h, w) bool
        The mask that was drawn on.
    marks : (h, w) uint8
        As in `Guidance`; some pixel is marked.

    Returns
    -------
    (h, w) bool
    """
    drawn = (marks > 0).astype(np.uint8)
    strokes = cv2.connectedComponents(drawn, connectivity=8)[0] - 1
    both = (marks == OBJECT).any() and (marks == BACKGROUND).any()
    if both and strokes >= MANY:
        told = _pieces_with((mask != before) | (drawn > 0), drawn)
    else:
        away = cv2.distanceTransform(1 - drawn, cv2.DIST_L2, cv2.DIST_MASK_5)
        told = away < np.sqrt(np.count_nonzero(drawn) / 2)
    return np.where(told, mask, before)


def _pieces_with(pieces: MaskArray, drawn: MarkArray) -> MaskArray:
    """Return the connected pieces in which something is drawn."""
    count, labels = cv2.connectedComponents(pieces.astype(np.uint8), connectivity=8)
    found = np.zeros(count, np.bool_)
    found[labels[drawn > 0]] = True
    return np.asarray(found[labels])

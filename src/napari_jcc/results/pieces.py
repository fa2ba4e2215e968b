"""Connected pieces of a mask, and those too small to mean anything."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import MaskArray

SPECK = 0.01
"""Pieces of a mask below this share of its largest piece are no objects."""


def drop_pieces(mask: MaskArray, share: float) -> MaskArray:
    """Mask without the pieces that are smaller than a share of the largest."""
    pieces, area = _find_pieces(mask, 8)
    return _keep(pieces, area >= share * area.max())


def clear_specks(
    mask: MaskArray, certain: tuple[MaskArray, MaskArray] | None = None
) -> MaskArray:
    """Mask without its specks, and with the holes filled that are as small.

    Parameters
    ----------
    mask : (h, w) bool
        Object.
    certain : two (h, w) bool, optional
        Pixels that are rest, and that are object: their pieces stay, however small.

    Returns
    -------
    (h, w) bool
        Without pieces smaller than `SPECK` of the largest; and what is left of the rest
        has no pieces smaller than `SPECK` of the object.
    """
    pieces, area = _find_pieces(mask, 8)
    large = area >= SPECK * area.max()
    if certain is not None:
        large[pieces[certain[1]]] = True
    object_ = _keep(pieces, large)
    # What parts pieces of eight neighbours is connected by four.
    pieces, area = _find_pieces(~object_, 4)
    large = area >= SPECK * int(object_.sum())
    if certain is not None:
        large[pieces[certain[0]]] = True
    return ~_keep(pieces, large)


def _find_pieces(
    mask: MaskArray, connectivity: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pieces (h, w), numbered from 1, and the pixels of each; 0 of number 0, the rest."""
    _, pieces, statistics, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=connectivity
    )
    area = statistics[:, cv2.CC_STAT_AREA]
    area[0] = 0
    return np.asarray(pieces, np.int32), np.asarray(area, np.int32)


def _keep(pieces: NDArray[np.int32], kept: NDArray[np.bool_]) -> MaskArray:
    """Pixels of the pieces that are kept, by their number; number 0 is none."""
    kept[0] = False
    return np.asarray(kept[pieces])

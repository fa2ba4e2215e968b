"""Objects that the user tells apart where the pieces of a mask do not."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_jcc._types import LabelMap, MaskArray
from napari_jcc.results.instances import CRUMB, renumber

_NEARLY_ALL = 0.9


def tell_apart(
    before: NDArray[Any],
    now: NDArray[Any],
    painted: MaskArray,
    numbers: LabelMap | None,
) -> LabelMap | None:
    """Give numbers to objects that the pieces of a painted mask do not tell apart.

    Parameters
    ----------
    before : (H, W) int
        Labels as they were shown when the user began.
    now : (H, W) int
        Labels as the user left them.
    painted : (H, W) bool
        Pixels that a tool was used on.
    numbers : (H, W) int32
        Objects told apart so far; None: none.

    Returns
    -------
    (H, W) int32 or None
        As `numbers`. An object that goes on is numbered as a whole. None if all objects
        are told by the pieces.
    """
    found = np.zeros(now.shape, np.int32) if numbers is None else numbers.copy()
    found[now == 0] = 0
    by_pieces = renumber(before.astype(np.int32), np.asarray(now != 0))
    for label in np.unique(now[painted & (now != 0)]).tolist():
        new = painted & (now == label)
        own = (before == label) & (now == label)
        if own.any() and not _touches(own, new):
            if (before[new] != 0).mean() <= 0.5:
                own[:] = False  # another object, with the label that the brush had
            elif not _took_all(before, now, new):
                continue  # brushed over to confirm it
        known = found[own][found[own] > 0]
        if known.size:
            found[new] = np.bincount(known).argmax()
        elif not _is_told(by_pieces, new, before, label if own.any() else None):
            found[new | own] = found.max() + 1
        else:
            found[new] = 0
    return found if found.any() or numbers is not None else None


def _touches(own: MaskArray, new: MaskArray) -> bool:
    around = cv2.dilate(new.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return bool((own & around).any())


def _took_all(before: NDArray[Any], now: NDArray[Any], new: MaskArray) -> bool:
    """Whether nearly all of the objects under a stroke was given its label."""
    taken = np.unique(before[new & (before != 0)])
    under = np.isin(before, taken)
    return bool(new[under].mean() >= _NEARLY_ALL)


def _is_told(
    by_pieces: LabelMap, new: MaskArray, before: NDArray[Any], label: int | None
) -> bool:
    """Whether the pieces alone give the label, or a number that no other object has."""
    given = np.unique(by_pieces[new])
    if label is not None:
        return bool((given == label).all())
    return bool(len(given) == 1 and not (before == given[0]).any())


def lay_numbers(labels: LabelMap, numbers: LabelMap) -> LabelMap:
    """Give the objects told apart numbers of their own.

    What is left of an object beside one told apart is the margin of what was painted where
    it reaches no further from that one than its half width, on the average of their common
    border, or is a crumb.

    Parameters
    ----------
    labels : (H, W) int32
        Objects by the pieces of the mask; 0: none.
    numbers : (H, W) int32
        Objects told apart; 0: none of them.
    """
    apart = (numbers > 0) & (labels > 0)
    if not apart.any():
        return labels
    found = labels.copy()
    highest = int(labels.max())
    found[apart] = highest + numbers[apart]
    away, nearest = ndimage.distance_transform_edt(~apart, return_indices=True)
    depth = ndimage.distance_transform_edt(apart)
    rest = np.where(apart, 0, labels)
    for label in np.unique(labels[apart]).tolist():
        count, pieces = cv2.connectedComponents(
            (rest == label).astype(np.uint8), connectivity=8
        )
        for piece in range(1, count):
            where = pieces == piece
            owners = numbers[nearest[0][where], nearest[1][where]]
            owner = int(np.bincount(owners).argmax())
            own = numbers == owner
            border = np.count_nonzero(away[where] < 2)
            widest = border * depth[own].max()
            if np.count_nonzero(where) <= max(widest, CRUMB * np.count_nonzero(own)):
                found[where] = highest + owner
    return found

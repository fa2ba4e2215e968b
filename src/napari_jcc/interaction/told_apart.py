"""Objects that the user tells apart where the pieces of a mask do not."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_jcc._types import LabelMap, MaskArray
from napari_jcc.regions import mask_extent
from napari_jcc.results.instances import CRUMB, renumber

_NEARLY_ALL = 0.9
"""Share of the objects under a stroke that it must give its label to, to join them."""


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
    # Of a large image a stroke concerns few objects.
    concerned = np.union1d(before[painted], now[painted])
    window = _around(painted | _are(before, concerned))
    _tell(before[window], now[window], painted[window], found[window], int(found.max()))
    return found if numbers is not None or found[window].any() else None


def _tell(
    before: NDArray[Any],
    now: NDArray[Any],
    painted: MaskArray,
    found: LabelMap,
    highest: int,
) -> None:
    """Do the work of `tell_apart` on a part of an image, in place."""
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
            highest += 1
            found[new | own] = highest
        else:
            found[new] = 0


def _are(labels: NDArray[Any], wanted: NDArray[Any]) -> MaskArray:
    """Find the pixels of some objects; 0 is none."""
    return np.isin(labels, wanted[wanted > 0])


def _around(where: MaskArray) -> tuple[slice, slice]:
    """Rows and columns that hold some pixels and their neighbours."""
    rows, columns = mask_extent(where)
    return (
        slice(max(rows.start - 1, 0), rows.stop + 1),
        slice(max(columns.start - 1, 0), columns.stop + 1),
    )


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
    window = _around(apart | _are(labels, np.unique(labels[apart])))
    _lay(labels[window], numbers[window], found[window], int(labels.max()))
    return found


def _lay(labels: LabelMap, numbers: LabelMap, found: LabelMap, highest: int) -> None:
    """Do the work of `lay_numbers` on a part of an image, in place."""
    apart = (numbers > 0) & (labels > 0)
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

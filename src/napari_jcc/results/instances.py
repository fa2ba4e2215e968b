"""Several objects in one mask: numbered and boxed."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from napari_jcc._types import Float32Array, LabelMap, MaskArray
from napari_jcc.regions import mask_extent
from napari_jcc.results.parting import part_touching

Window = tuple[slice, slice]
"""Rows and columns of an image."""

CRUMB = 0.05
"""Share of an object below which a piece beside it is no object, and stays with it."""


def number_objects(
    mask: MaskArray, smallest: float = 0.0, parted: bool = False
) -> LabelMap:
    """Give the objects of a mask numbers.

    Parameters
    ----------
    mask : (H, W) bool
        Everything that is object.
    smallest
        Pieces that cover a smaller share of the image are left out, 0 to 1.
    parted
        Cut pieces at their necks (`part_touching`).

    Returns
    -------
    (H, W) int32
        0: no object; 1 to K.
    """
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    kept = stats[:, cv2.CC_STAT_AREA] >= smallest * mask.size
    labels = np.asarray(pieces, np.int32)
    if not kept[1:].all():
        kept[0] = False
        numbers = (np.cumsum(kept) * kept).astype(np.int32)
        labels = numbers[pieces]
    return part_touching(labels) if parted else labels


def renumber(labels: LabelMap, mask: MaskArray) -> LabelMap:
    """Give numbers to the objects of an edited mask, those they had where they had one.

    Parameters
    ----------
    labels : (H, W) int32
        Numbers before the edit.
    mask : (H, W) bool
        Everything that is object now.

    Returns
    -------
    (H, W) int32
        Pixels that were taken away have no number, those added to an object have its
        number, and new pieces have new ones, as have the parts of an object that was cut.
    """
    found: LabelMap = np.where(mask, labels, 0).astype(np.int32, copy=False)
    _number_parts(labels, found)
    added = mask & (found == 0)
    if not added.any():
        return found
    window = _around_pieces(mask, added)  # an edit changes little of a large image
    pieces, grown = _grown_pieces(mask[window], added[window])
    highest = int(found.max(initial=0))
    _number_added(found[window], added[window], pieces, ~grown, highest)
    return found


def _number_parts(labels: LabelMap, found: LabelMap) -> None:
    """Give numbers to the smaller parts of objects that were cut, in place."""
    numbers = np.unique(labels[(labels > 0) & (found == 0)])
    windows = ndimage.find_objects(labels) if numbers.size else []
    highest = int(labels.max(initial=0))
    for number in numbers.tolist():
        window = windows[number - 1]
        whole, rest = labels[window] == number, found[window] == number
        before, _ = cv2.connectedComponents(whole.astype(np.uint8), connectivity=8)
        now, parts, stats, _ = cv2.connectedComponentsWithStats(
            rest.astype(np.uint8), connectivity=8
        )
        if now <= before:
            continue
        areas = stats[1:, cv2.CC_STAT_AREA]
        own = areas >= CRUMB * areas.sum()
        own[areas.argmax()] = False  # the largest keeps the number
        for part in np.flatnonzero(own) + 1:
            highest += 1
            found[window][parts == part] = highest


def _number_added(
    labels: LabelMap, added: MaskArray, pieces: LabelMap, known: MaskArray, highest: int
) -> None:
    """Give numbers to the pixels of `added`, in place; `known` are pieces without any."""
    known[pieces[labels > 0]] = True
    numbers = (highest + np.cumsum(~known)).astype(np.int32)
    joined = added & known[pieces]
    fresh = added & ~joined
    labels[fresh] = numbers[pieces[fresh]]
    if joined.any():
        # The nearest pixel of an object is one of its outline.
        objects = (labels > 0).astype(np.uint8)
        outline = np.argwhere(objects > cv2.erode(objects, np.ones((3, 3))))
        tree = KDTree(_apart_by_piece(outline, pieces))
        _, nearest = tree.query(_apart_by_piece(np.argwhere(joined), pieces))
        labels[joined] = labels[tuple(outline[nearest].T)]


def _apart_by_piece(pixels: NDArray[np.intp], pieces: LabelMap) -> NDArray[np.intp]:
    """Give pixels a third coordinate, by which those of other pieces are never nearest."""
    heights = pieces[tuple(pixels.T)].astype(np.intp) * sum(pieces.shape)
    return np.column_stack([pixels, heights])


def _around_pieces(mask: MaskArray, added: MaskArray) -> Window:
    """Rows and columns that hold the pieces with added pixels, and what is near them.

    Near is what is no further from them than they are long.
    """
    window = _grow(mask_extent(added), mask.shape)
    while True:
        pieces, grown = _grown_pieces(mask[window], added[window])
        inner = mask_extent(grown[pieces])
        held = tuple(
            slice(outer.start + own.start, outer.start + own.stop)
            for outer, own in zip(window, inner, strict=True)
        )
        edges = zip(held, window, mask.shape, strict=True)
        if all(_ends_within(*edge) for edge in edges):
            return _grow((held[0], held[1]), mask.shape)
        window = _grow(window, mask.shape)


def _grown_pieces(mask: MaskArray, added: MaskArray) -> tuple[LabelMap, MaskArray]:
    """Pieces of a mask, numbered, and by number whether they have added pixels."""
    count, found = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    pieces = np.asarray(found, np.int32)
    grown: MaskArray = np.zeros(count, np.bool_)
    grown[pieces[added]] = True
    return pieces, grown


def _grow(window: Window, shape: tuple[int, ...]) -> Window:
    """Extend a window by its diagonal to all sides, as far as the image goes."""
    reach = math.ceil(math.hypot(*(own.stop - own.start for own in window)))
    rows, columns = (
        slice(max(0, own.start - reach), min(size, own.stop + reach))
        for own, size in zip(window, shape, strict=True)
    )
    return rows, columns


def _ends_within(own: slice, window: slice, size: int) -> bool:
    """Whether what is seen of pieces in a window goes on beyond it nowhere."""
    begins = window.start == 0 or own.start > window.start
    return bool(begins and (window.stop == size or own.stop < window.stop))


def object_boxes(labels: LabelMap) -> Float32Array:
    """Tight boxes of numbered objects, (K, 4) ``xyxy``, half-open, in their order."""
    boxes = list(boxes_by_number(labels).values())
    return np.array(boxes, dtype=np.float32).reshape(len(boxes), 4)


def boxes_by_number(labels: LabelMap) -> dict[int, Float32Array]:
    """Find the tight box of every number that some pixel has, ``xyxy``, half-open."""
    return {
        number: np.array(
            [place[1].start, place[0].start, place[1].stop, place[0].stop], np.float32
        )
        for number, place in enumerate(ndimage.find_objects(labels), start=1)
        if place is not None
    }

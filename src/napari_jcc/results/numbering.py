"""Objects keep their numbers from one answer to the next."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from napari_jcc._types import LabelMap
from napari_jcc.results.result import ImageResult


def keep_numbers(image: ImageResult, before: NDArray[Any]) -> ImageResult:
    """Give the objects of an image the numbers that they had before (`match_numbers`).

    Parameters
    ----------
    image
        An answer; returned as it is where only one object is looked for.
    before : (H, W) int
        Objects before; 0: none.
    """
    if image.instances is None:
        return image
    return _renamed(image, match_numbers(image.instances, before))


def match_numbers(labels: LabelMap, before: NDArray[Any]) -> dict[int, int]:
    """Find the numbers that objects had before, by what they share most of.

    Parameters
    ----------
    labels : (H, W) int32
        Objects now; 0: none.
    before : (H, W) int
        Objects before; 0: none.

    Returns
    -------
    dict
        Number before by number now. Of two that share one before, the one with more of it
        has its number; an object that was none gets the lowest that no other has or had.
    """
    at = np.flatnonzero(labels)
    now, then = labels.ravel()[at], before.ravel()[at]
    sizes = int(labels.max(initial=0)) + 1, int(before.max(initial=0)) + 1
    shared = coo_array((np.ones(len(at), np.int64), (now, then)), sizes).tocsr().tocoo()
    found: dict[int, int] = {}
    known = {0}
    order = np.argsort(-shared.data, kind="stable")
    for number, former in zip(
        shared.row[order].tolist(), shared.col[order].tolist(), strict=True
    ):
        if former not in known and number not in found:
            found[number] = former
            known.add(former)
    new = sorted(set(shared.row.tolist()) - found.keys())
    if new:
        known.update(np.flatnonzero(np.bincount(before.ravel())).tolist())
    unused = (number for number in count(1) if number not in known)
    return found | dict(zip(new, unused, strict=False))


def _renamed(image: ImageResult, names: dict[int, int]) -> ImageResult:
    """Give the objects of an image other numbers, by those that they have."""
    order = [names[number] for number in image.numbers.tolist()]
    is_same = order == image.numbers.tolist()
    if image.instances is None or is_same or len(image.boxes) != len(order):
        return image
    by_number = np.zeros(max(names) + 1, np.int32)
    by_number[list(names)] = list(names.values())
    rows = np.argsort(order)
    return replace(
        image,
        instances=by_number[image.instances],
        instance_boxes=image.boxes[rows],
        instance_scores=image.scores[rows],
    )

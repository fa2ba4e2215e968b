"""How many of the objects of an image were found, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc.errors import InputError
from napari_jcc.evaluation.metrics import LOCALIZED_IOU
from napari_jcc.evaluation.scores import ImageScore, ObjectScore


def score_objects(found: NDArray[Any], true: NDArray[Any]) -> ObjectScore:
    """Match the objects of an image with the true ones.

    A found and a true object match if their IoU is above one half. No object can match two
    others then, so that there is one way only to match them.

    Parameters
    ----------
    found : (H, W) int
        Numbered objects; 0: none. Numbers may be left out.
    true : (H, W) int
        The truth, likewise.

    Raises
    ------
    InputError
        If the two differ in size.
    """
    if found.shape != true.shape:
        raise InputError(
            f"The objects have shape {found.shape} but the true ones {true.shape} (height, "
            "width). Use truth made on the images that were segmented."
        )
    ours, theirs = _number_densely(found), _number_densely(true)
    many, real = ours.max(initial=0), theirs.max(initial=0)
    pairs, shared = np.unique(ours * (real + 1) + theirs, return_counts=True)
    one, other = np.divmod(pairs, real + 1)
    either = np.bincount(ours)[one] + np.bincount(theirs)[other] - shared
    inside = (one > 0) & (other > 0)
    return ObjectScore.of(
        int(many), int(real), int(np.sum(shared[inside] > LOCALIZED_IOU * either[inside]))
    )


def keep_numbered(scores: Sequence[ImageScore]) -> list[ImageScore]:
    """Drop the scores of objects where no true mask of the set has several numbers.

    Such masks do not tell objects apart.
    """
    if any(score.objects is not None and score.objects.true > 1 for score in scores):
        return list(scores)
    return [replace(score, objects=None) for score in scores]


def _number_densely(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers 0 to K of the pixels, flat, 0 staying 0."""
    values, numbers = np.unique(labels, return_inverse=True)
    return numbers.ravel() + int(0 not in values)

"""Lays edits over computed results: what the user drew always has precedence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_jcc._types import LabelMap, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.interaction.edit import BACKGROUND, OBJECT, ImageKey, MarkArray
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.told_apart import lay_numbers
from napari_jcc.regions import largest_piece
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.results.instances import boxes_by_number, renumber
from napari_jcc.results.result import NO_BOX

DRAWN_SCORE = 1.0
"""Score of an object that the user drew."""


def image_keys(collection: ImageCollection) -> tuple[ImageKey, ...]:
    """Return the key of every image; the content is read for its hash.

    Raises
    ------
    InputError
        If a file cannot be read any more.
    """
    return tuple(
        ImageKey(name, collection.fingerprint(place))
        for place, name in enumerate(collection.names)
    )


def lay_over_mask(mask: MaskArray, marks: MarkArray) -> MaskArray:
    """Return the mask, (H, W) bool, with the marked pixels as they are marked."""
    return np.asarray((mask & (marks != BACKGROUND)) | (marks == OBJECT))


def lay_over_image(result: ImageResult, edits: Edits, key: ImageKey) -> ImageResult:
    """Lay the edits of an image over its result; without edits it is returned as it is.

    A fixed box replaces the box. If the marks change the mask and no box is fixed, the box
    becomes that of the largest piece of the mask, unless it is a candidate that contains
    all of this piece. An image whose mask is left empty has no box.

    Raises
    ------
    InputError
        If the image was drawn on at another size.
    """
    if key not in edits.edited:
        return result
    shape = result.mask.shape[0], result.mask.shape[1]
    mask = lay_over_mask(result.mask, edits.marks(key, shape))
    result = _with_numbers(result, mask, edits.numbers(key, shape))
    box = edits.box(key)
    if box is not None:
        score = 0.0 if np.isnan(box).any() else 1.0
        return replace(result, mask=mask, box=box.astype(np.float32), box_score=score)
    if not mask.any():
        return replace(result, mask=mask, box=NO_BOX.copy(), box_score=0.0)
    if np.array_equal(mask, result.mask):
        return replace(result, mask=mask)
    piece = largest_piece(mask)
    held = (result.box[:2] <= piece[:2]).all() and (piece[2:] <= result.box[2:]).all()
    kept = held and not _is_box_of_mask(result)
    return replace(result, mask=mask, box=result.box if kept else piece)


def _is_box_of_mask(result: ImageResult) -> bool:
    mask = result.mask
    return bool(mask.any()) and np.array_equal(result.box, largest_piece(mask))


def _with_numbers(
    result: ImageResult, mask: MaskArray, numbers: LabelMap | None
) -> ImageResult:
    """Give the objects of an edited mask numbers, where several are looked for."""
    if result.instances is None:
        return result
    if numbers is None and np.array_equal(mask, result.instances > 0):
        return result
    labels = renumber(result.instances, mask)
    if numbers is not None:
        labels = lay_numbers(labels, numbers)
    boxes = boxes_by_number(labels)
    if len(boxes) < max(boxes, default=0):
        # One number after the other again, as some are gone; 0 stays 0.
        renamed = np.zeros(max(boxes) + 1, np.int32)
        renamed[list(boxes)] = np.arange(1, len(boxes) + 1)
        labels = renamed[labels]
    before = dict(zip(result.numbers.tolist(), result.scores.tolist(), strict=False))
    scores = [before.get(number, DRAWN_SCORE) for number in boxes]
    return replace(
        result,
        instances=labels,
        instance_boxes=np.array(list(boxes.values()), np.float32).reshape(-1, 4),
        instance_scores=np.array(scores, dtype=np.float32),
    )


def lay_over(result: JccResult, edits: Edits, keys: Sequence[ImageKey]) -> JccResult:
    """Lay edits over all answers of a set.

    Parameters
    ----------
    result
        What the machine found.
    edits
        What the user drew, by whatever settings the machine worked then.
    keys
        Of the images of `result`, in their order.
    """
    images = tuple(
        lay_over_image(image, edits, key)
        for image, key in zip(result.images, keys, strict=True)
    )
    return replace(result, images=images)

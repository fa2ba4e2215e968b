"""The objects of a result, as every export counts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_jcc._types import Float32Array, LabelMap, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.results.instances import boxes_by_number, renumber
from napari_jcc.results.result import ImageResult

_NOWHERE = np.zeros(4, np.float32)


@dataclass(frozen=True)
class ExportSet:
    """What is exported.

    Attributes
    ----------
    images
        Answers, with the user's edits where there are any.
    files
        Where every image is, relative to a folder they share, with ``/``; empty for
        images in no file.
    statuses
        By name: what the user thinks of an image's answer.
    category
        What the objects are called.
    pictures
        The images that the answers are about, in the same order, where they are known.
    """

    images: Sequence[ImageResult]
    files: Sequence[str]
    statuses: Mapping[str, str]
    category: str
    pictures: ImageCollection | None = None

    @cached_property
    def highest(self) -> int:
        """Highest number of an object in any image; 1 where none are told apart, or 0."""
        return max((int(find_labels(i).max(initial=0)) for i in self.images), default=0)


@dataclass(frozen=True)
class ExportObject:
    """One object.

    Attributes
    ----------
    number
        Its value in the image's labels, from 1.
    mask : (h, w) bool
        Its pixels in the part of the image that holds them; empty where only the box is
        known. A crowded image has thousands of objects, each of it small.
    corner
        Row and column of the first pixel of that part.
    shape
        Height and width of the image.
    box : (4,) float32
        ``xyxy``, half-open, within the image.
    score
        In [0, 1].
    """

    number: int
    mask: MaskArray
    corner: tuple[int, int]
    shape: tuple[int, int]
    box: Float32Array
    score: float


def find_labels(image: ImageResult) -> LabelMap:
    """Return the number of the object in every pixel of the mask, (H, W) int32; else 0.

    Where the mask was edited after its objects were numbered: see `renumber`.
    """
    return renumber(image.labels, image.mask)


def find_objects(image: ImageResult) -> Iterator[ExportObject]:
    """List the objects of one image by ascending number; none where there is no answer.

    Where one object is looked for, its box is the image's. An object without a box of its
    own gets the one around its pixels.
    """
    labels = find_labels(image)
    around = boxes_by_number(labels)
    boxes = _own_boxes(image, around)
    rows, columns = labels.shape
    limits = np.array([columns, rows, columns, rows], np.float32)
    for number in sorted(boxes.keys() | around.keys()):
        box, score = boxes.get(number) or (around[number], image.box_score)
        x_min, y_min, x_max, y_max = map(int, around.get(number, _NOWHERE))
        mask = labels[y_min:y_max, x_min:x_max] == number
        place = (y_min, x_min), (rows, columns)
        yield ExportObject(number, mask, *place, np.clip(box, 0, limits), score)


def _own_boxes(
    image: ImageResult, around: Mapping[int, Float32Array]
) -> dict[int, tuple[Float32Array, float]]:
    """Boxes and scores that the answer gives, by number of the object."""
    if image.instances is None and max(around, default=1) > 1:
        return {}  # numbered by hand: the one box is of none of them
    # The one box may be all that there is; of several, some may be deleted by hand.
    numbers = (1,) if image.instances is None else image.numbers.tolist()
    return {
        number: (np.asarray(box, np.float32), float(score))
        for number, box, score in zip(numbers, image.boxes, image.scores, strict=False)
        # An object that was erased is gone; a box alone may be all that was drawn.
        if np.isfinite(box).all() and (image.instances is None or number in around)
    }

"""The truth, held in little memory, and the scores of answers against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.evaluation import (
    Evaluation,
    ImageScore,
    Truth,
    find_truth,
    score_image,
    score_objects,
)
from napari_jcc.sweep.masks import PackedMasks, PackedNumbers
from napari_jcc.sweep.point import SweepPoint

KnownTruth: TypeAlias = Truth | Mapping[str, NDArray[Any]]
"""Files, or by name of the image masks (H, W) bool or numbered objects (H, W) int."""


def find_truth_of(images: ImageCollection, place: str | Path) -> Truth:
    """Find the truth of images in a folder or table, as `find_truth`; not in themselves."""
    files = {Path(images.location(number)).resolve() for number in range(len(images))}
    return find_truth(place, images.names, files)


@dataclass(frozen=True)
class PackedTruth:
    """Truth of a set of images.

    Attributes
    ----------
    masks
        (H, W) bool by name of the image.
    boxes
        (K, 4) float32 by name of the image, ``xyxy``, half-open.
    numbers
        Numbered objects by name of the image; empty if no image has several.
    """

    masks: PackedMasks
    boxes: Mapping[str, Float32Array]
    numbers: Mapping[str, PackedNumbers] = field(default_factory=dict)

    @classmethod
    def read(cls, truth: KnownTruth, images: ImageCollection) -> PackedTruth:
        """Read the truth of the images.

        Raises
        ------
        InputError
            If a mask cannot be read or has not the size of its image, or there is no
            truth for any image.
        """
        sizes = {name: images.shape(number) for number, name in enumerate(images.names)}
        boxes = truth.boxes if isinstance(truth, Truth) else {}
        masks = PackedMasks.pack(_masks(truth, sizes))
        if not masks and not boxes.keys() & sizes.keys():
            raise InputError(
                f"There is no truth for any of the {len(sizes)} images. Name the masks "
                f"like the images, such as {images.names[0]!r}."
            )
        return cls(masks, boxes, _pack_numbers(truth, masks))

    def score(self, point: SweepPoint) -> dict[str, float | None]:
        """Return the mean scores of a point; see `SweepPoint.scores`."""
        numbers = point.instances if self.numbers else {}
        scores = (
            self.score_image(
                name,
                mask,
                point.objects.get(name, point.boxes[name]),
                numbers[name].unpack() if name in numbers else None,
            )
            for name, mask in point.masks.items()
        )
        whole = Evaluation(tuple(score for score in scores if score is not None))
        means = whole.means
        return {key: means[key] for key in whole.titles}

    def score_image(
        self,
        name: str,
        mask: MaskArray,
        box: ArrayLike,
        objects: NDArray[Any] | None = None,
    ) -> ImageScore | None:
        """Score one image; None without truth for it.

        Parameters
        ----------
        name
            Name of the image.
        mask : (H, W) bool
            The answer.
        box : (4,) or (A, 4)
            ``xyxy``, half-open; NaN or (0, 4) when the image has no answer.
        objects : (H, W) int, optional
            Its numbered objects, to be compared with the true ones one by one; 0: none.

        Raises
        ------
        InputError
            If the mask and its truth differ in size.
        """
        if name not in self.masks and name not in self.boxes:
            return None
        score = score_image(name, mask, box, self.masks.get(name), self.boxes.get(name))
        if objects is None or name not in self.numbers:
            return score
        return replace(score, objects=score_objects(objects, self.numbers[name].unpack()))


def _masks(
    truth: KnownTruth, sizes: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[str, MaskArray]]:
    """Masks of the images one by one, as they may be large."""
    for name, size in sizes.items():
        mask = truth.mask(name) if isinstance(truth, Truth) else truth.get(name)
        if mask is None:
            continue
        if mask.shape != size:
            raise InputError(
                f"{name}: the image is {size[1]} x {size[0]} but its truth "
                f"{mask.shape[1]} x {mask.shape[0]} pixels. Use truth made on these images."
            )
        yield name, mask != 0


def _pack_numbers(truth: KnownTruth, masks: PackedMasks) -> dict[str, PackedNumbers]:
    """Numbers of the objects, unless no mask of the set tells objects apart."""
    found, several = {}, False
    for name in masks:
        numbers = truth.numbers(name) if isinstance(truth, Truth) else truth[name]
        if numbers is not None and numbers.dtype.kind in "iu":
            found[name] = PackedNumbers.pack(numbers)
            several = several or len(np.unique(numbers[numbers != 0])) > 1
    return found if several else {}

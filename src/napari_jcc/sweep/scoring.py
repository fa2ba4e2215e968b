"""The truth, held in little memory, and the scores of points against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.evaluation import Evaluation, Truth, score_image
from napari_jcc.sweep.masks import PackedMasks
from napari_jcc.sweep.point import SweepPoint


@dataclass(frozen=True)
class PackedTruth:
    """Truth of a set of images.

    Attributes
    ----------
    masks
        (H, W) bool by name of the image.
    boxes
        (K, 4) float32 by name of the image, ``xyxy``, half-open.
    """

    masks: PackedMasks
    boxes: Mapping[str, Float32Array]

    @classmethod
    def read(
        cls, truth: Truth | Mapping[str, MaskArray], images: ImageCollection
    ) -> PackedTruth:
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
        return cls(masks, boxes)

    def score(self, point: SweepPoint) -> dict[str, float | None]:
        """Return the mean scores of a point by the names of `ImageScore`."""
        scores = [
            score_image(
                name, mask, point.boxes[name], self.masks.get(name), self.boxes.get(name)
            )
            for name, mask in point.masks.items()
            if name in self.masks or name in self.boxes
        ]
        return Evaluation(tuple(scores)).means


def _masks(
    truth: Truth | Mapping[str, MaskArray], sizes: Mapping[str, tuple[int, int]]
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
        yield name, mask

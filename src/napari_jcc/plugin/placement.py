"""Where the images of a collection lie in the viewer, and what layers remember of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import IntArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.spacing import Spacing

METADATA_KEY = "napari_jcc"
"""Where a layer keeps the `ImageCollection` it shows or belongs to."""

INPUTS_KEY = "napari_jcc_inputs"
"""Where a stack layer keeps the files and folders it was opened from."""

PLACEMENT_KEY = "napari_jcc_placement"
"""Where a layer made by a run keeps its `Placement`."""


FAR_SMALLER = 3
"""Images are shown enlarged whose sides are so many times smaller than the canvas's."""


@dataclass(frozen=True)
class Placement:
    """Where the images of a collection lie in the viewer.

    Attributes
    ----------
    leading
        Lengths of the axes before row and column; their product is the number of
        slices. Empty for a single image.
    canvas
        Rows and columns of the padded slices; every image sits at the upper left.
    slots
        Slice of every image of the collection, counted along the flattened `leading`.
    transform
        Layer arguments ``scale``, ``translate``, ``rotate``, ``shear``, ``affine``,
        ``units`` and ``axis_labels``, as far as they apply.
    """

    leading: tuple[int, ...]
    canvas: tuple[int, int]
    slots: tuple[int, ...]
    transform: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_stack(cls, collection: ImageCollection) -> Placement:
        """Lay the images of a collection on its axes, or one behind the other."""
        shapes = [collection.shape(i) for i in range(len(collection))]
        canvas = max(rows for rows, _ in shapes), max(columns for _, columns in shapes)
        leading, transform = stack_leading(collection), stack_transform(collection)
        channels = count_channels(collection)
        if channels:
            at, ndim = len(leading) - 1, len(leading) + 2
            # One entry as long as all channels: seen, and painted on, at each of them.
            scale, shift = np.array(transform.get("scale", np.ones(ndim))), np.zeros(ndim)
            shift[at] = scale[at] * (channels - 1) / 2
            scale[at] *= channels
            leading = (*leading[:-1], 1)
            transform |= {"scale": scale, "translate": shift}
        return cls(leading, canvas, tuple(range(len(collection))), transform)

    @property
    def slices(self) -> int:
        """Number of slices."""
        return math.prod(self.leading)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a layer with this placement."""
        return *self.leading, *self.canvas

    def select(self, indices: list[int]) -> Placement:
        """Keep only the images at `indices`; the slices stay."""
        return replace(self, slots=tuple(self.slots[i] for i in indices))

    def index_of(self, slot: int) -> tuple[int, ...]:
        """Position of a slice along the leading axes."""
        return tuple(int(i) for i in np.unravel_index(slot, self.leading or (1,)))[
            : len(self.leading)
        ]

    def slots_at(self, positions: NDArray[Any]) -> IntArray:
        """Slices at positions (K, L) along the leading axes, (K,); -1 beyond the images."""
        at, leading = np.rint(positions).astype(int), self.leading
        inside = ((at >= 0) & (at < np.array(leading, int))).all(axis=1)
        steps = [math.prod(leading[axis + 1 :]) for axis in range(len(leading))]
        return np.where(inside, at @ np.array(steps, int), -1)


def enlargement(shape: Sequence[int], canvas: Sequence[int]) -> float:
    """How much an image of so many rows and columns is enlarged to be seen; 1: not."""
    factor = min(float(whole) / own for own, whole in zip(shape, canvas, strict=True))
    return factor if factor >= FAR_SMALLER else 1.0


def count_channels(collection: ImageCollection) -> int:
    """Length of the axis of channels in a stack; 0 where it has none.

    Only sets on named axes have one, before row and column: their images are alike.
    """
    separate = collection.sources[0].separate
    return separate if collection.axes is not None and separate > 1 else 0


def stack_leading(collection: ImageCollection) -> tuple[int, ...]:
    """Lengths of the axes of a stack before row and column, channels last."""
    if collection.axes is None:
        return (len(collection),)
    channels = count_channels(collection)
    return (*(axis.length for axis in collection.axes), *([channels] if channels else []))


def stack_transform(collection: ImageCollection) -> dict[str, Any]:
    """Layer arguments of a stack, with the size of a pixel that all its images have.

    Images of unknown or different pixel sizes are shown pixel by pixel.
    """
    axes = [Axis("image", len(collection))] if collection.axes is None else collection.axes
    axes = [*axes, *([Axis("c", 0)] if count_channels(collection) else [])]
    labels = {"axis_labels": (*(axis.name for axis in axes), "y", "x")}
    spacing = collection.common_spacing() or Spacing(1.0, 1.0, "pixel")
    scale = (*(axis.step for axis in axes), spacing.row, spacing.column)
    units = (*(axis.unit for axis in axes), spacing.unit, spacing.unit)
    if set(units) == {"pixel"}:
        return labels
    return labels | {"scale": scale, "units": units}

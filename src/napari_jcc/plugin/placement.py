"""Where the images of a collection lie in the viewer, and what layers remember of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import IntArray
from napari_jcc.collection import ImageCollection

METADATA_KEY = "napari_jcc"
"""Where a layer keeps the `ImageCollection` it shows or belongs to."""

INPUTS_KEY = "napari_jcc_inputs"
"""Where a stack layer keeps the files and folders it was opened from."""

PLACEMENT_KEY = "napari_jcc_placement"
"""Where a layer made by a run keeps its `Placement`."""


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
        """Lay the images of a collection one behind the other, as the reader does."""
        shapes = [collection.shape(i) for i in range(len(collection))]
        canvas = max(rows for rows, _ in shapes), max(columns for _, columns in shapes)
        return cls(
            leading=(len(collection),),
            canvas=canvas,
            slots=tuple(range(len(collection))),
            transform=stack_transform(collection),
        )

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


def stack_transform(collection: ImageCollection) -> dict[str, Any]:
    """Layer arguments of a stack, with the size of a pixel that all its images have.

    Images of unknown or different pixel sizes are shown pixel by pixel.
    """
    labels: dict[str, Any] = {"axis_labels": ("image", "y", "x")}
    spacing, *others = {collection.spacing(i) for i in range(len(collection))}
    if spacing is None or others:
        return labels
    return labels | {
        "scale": (1.0, spacing.row, spacing.column),
        "units": ("pixel", spacing.unit, spacing.unit),
    }

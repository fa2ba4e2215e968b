"""The pieces of one image: superpixels, saliency, candidate boxes, and their overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_jcc._types import Float32Array, FloatArray, LabelMap


@dataclass(frozen=True)
class Superpixels:
    """Oversegmentation of one image at working size.

    Attributes
    ----------
    label_map : (h, w) int32
        Superpixel of every pixel, 0 to S - 1 without gaps.
    colour : (S, 3) float32
        Mean CIE Lab colour.
    centre : (S, 2) float32
        Mean x, y in pixels.
    area : (S,) float32
        Number of pixels, at least 1.
    neighbours : (E, 2) int64
        Pairs of superpixels that share a border, first < second, each pair once.
    """

    label_map: LabelMap
    colour: Float32Array
    centre: Float32Array
    area: Float32Array
    neighbours: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.area)

    def pool(self, values: NDArray[Any]) -> FloatArray:
        """Mean of a map (h, w) over every superpixel, (S,)."""
        total = np.bincount(self.label_map.ravel(), values.ravel(), len(self))
        return np.asarray(total / self.area)


@dataclass(frozen=True)
class ImageRegions:
    """All pieces of one image at working size.

    Attributes
    ----------
    superpixels : Superpixels
    saliency_map : (h, w) float32
        Saliency in [0, 1].
    boxes : (R, 4) float32
        Candidate boxes, ``xyxy``, half-open, best first. R may be 0.
    box_merit : (R,) float32
        How well each box holds the object, in [-1, 1]: its excess (share of the saliency
        minus share of the area), or what was learned from the set.
    overlap : (R, S) csr, bool
        True where more than half of the superpixel lies in the box.
    objects
        How many objects the image shows, at least 1.
    """

    superpixels: Superpixels
    saliency_map: Float32Array
    boxes: Float32Array
    box_merit: Float32Array
    overlap: sparse.csr_array
    objects: int = 1

    @property
    def saliency(self) -> Float32Array:
        """Mean saliency of every superpixel, (S,), in [0, 1]."""
        return self.superpixels.pool(self.saliency_map).astype(np.float32)

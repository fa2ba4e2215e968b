"""What a kind of feature must offer to take part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from napari_jcc._types import Float32Array, ImageArray
from napari_jcc.regions.regions import ImageRegions


@dataclass(frozen=True)
class RegionDescriptors:
    """Descriptors of one kind for the pieces of one image.

    Attributes
    ----------
    superpixels : (S, D) float32
    boxes : (R, D') float32
    """

    superpixels: Float32Array
    boxes: Float32Array


class FeatureExtractor(Protocol):
    """One kind of feature, described image by image."""

    name: str
    is_histogram: bool
    """Whether values are non-negative counts, so that the chi-squared map applies."""

    def describe(self, image: ImageArray, regions: ImageRegions) -> RegionDescriptors:
        """Describe the pieces of one image.

        Parameters
        ----------
        image : (h, w, 3) uint8
            RGB at working size.
        regions
            Pieces of the same image.
        """
        ...

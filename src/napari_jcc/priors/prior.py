"""What a prior is made from, and what it must offer to take part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from napari_jcc._types import Float32Array
from napari_jcc.features import FeatureMap


@dataclass(frozen=True)
class Evidence:
    """What is known of one image.

    Attributes
    ----------
    saliency_map : (h, w) float32
        What stands out in the image on its own, in [0, 1], at working size.
    feature_map
        The encoder's descriptors; None without an encoder.
    """

    saliency_map: Float32Array
    feature_map: FeatureMap | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Working height and width."""
        height, width = self.saliency_map.shape
        return height, width


class Prior(Protocol):
    """Rates every pixel of every image of a set."""

    def rate(self, images: Sequence[Evidence]) -> list[Float32Array]:
        """Rate how probably pixels are object.

        Returns
        -------
        list of (h, w) float32
            In [0, 1], at the working size of each image.

        Raises
        ------
        InputError
            If an image lacks what the prior needs.
        """
        ...

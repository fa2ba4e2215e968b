"""What a prior is made from."""

from __future__ import annotations

from dataclasses import dataclass

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

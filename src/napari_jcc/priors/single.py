"""Priors that look at one image at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array
from napari_jcc.priors.prior import Evidence

CENTRE_SIGMA = 0.25
"""Width of the bell in the middle, as a share of each side."""


class SaliencyPrior:
    """What stands out in the image on its own."""

    def rate(self, images: Sequence[Evidence]) -> list[Float32Array]:
        """Return the saliency maps as they are."""
        return [image.saliency_map for image in images]


class CentrePrior:
    """A bell in the middle: photographers aim."""

    def rate(self, images: Sequence[Evidence]) -> list[Float32Array]:
        """Return bells of height 1."""
        return [centre_bell(image.shape) for image in images]


class UniformPrior:
    """No opinion."""

    def rate(self, images: Sequence[Evidence]) -> list[Float32Array]:
        """Return .5 everywhere."""
        return [np.full(image.shape, 0.5, np.float32) for image in images]


def centre_bell(shape: tuple[int, int]) -> Float32Array:
    """Gaussian in the middle of a grid, (h, w), largest 1, as wide as it is high."""
    down, across = (
        np.exp(-np.square((np.arange(n) + 0.5) / n - 0.5) / (2 * CENTRE_SIGMA**2))
        for n in shape
    )
    return np.outer(down, across).astype(np.float32)

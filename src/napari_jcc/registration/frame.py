"""Pixels of an image as coordinates without a unit, in which all images are alike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import FloatArray


class Frame(NamedTuple):
    """Coordinates with 0 in the middle of the image and 1 half its longer side away."""

    height: int
    width: int

    @property
    def middle(self) -> FloatArray:
        """Centre of the image, x and y in pixels."""
        return np.array([self.width - 1, self.height - 1]) / 2

    @property
    def unit(self) -> float:
        """Half the longer side, in pixels."""
        return max(self.height, self.width) / 2

    def enter(self, points: ArrayLike) -> FloatArray:
        """From pixels (K, 2), x and y, to this frame."""
        return (np.asarray(points, dtype=np.float64) - self.middle) / self.unit

    def leave(self, points: ArrayLike) -> FloatArray:
        """From this frame (K, 2) to pixels."""
        return np.asarray(points, dtype=np.float64) * self.unit + self.middle


def resize_points(points: ArrayLike, scale: FloatArray | float) -> FloatArray:
    """Bring points (K, 2), x and y in pixels, to an image that is `scale` times as large.

    The centre of the first pixel is at 0 before and after.
    """
    return np.asarray((np.asarray(points, np.float64) + 0.5) * scale - 0.5)

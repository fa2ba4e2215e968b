from __future__ import annotations

import numpy as np
import pytest

from napari_jcc._types import ImageArray

SQUARE = (40, 30, 80, 70)
"""xyxy of the bright square."""


@pytest.fixture(scope="session")
def square_image() -> ImageArray:
    """A bright orange square, away from the border, on dark blue with slight noise."""
    image = np.full((100, 120, 3), (20, 30, 80), np.uint8)
    x_min, y_min, x_max, y_max = SQUARE
    image[y_min:y_max, x_min:x_max] = (240, 150, 40)
    noise = np.random.default_rng(0).integers(0, 6, image.shape, dtype=np.uint8)
    return image + noise

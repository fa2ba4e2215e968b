"""One colour scale for confidence, on lines between images and on landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array

# From orange over yellow to blue: apart for the colour-blind, and on dark and light images.
_STOPS = np.array([[255, 80, 0], [255, 225, 60], [0, 200, 255]], np.float32) / 255
SCALE_TEXT = "orange: unsure, yellow: fair, blue: sure"


def colour_by_confidence(confidence: NDArray[np.floating]) -> Float32Array:
    """Colours (K, 4) in [0, 1], RGBA, for confidences (K,) in [0, 1]; NaN becomes 0."""
    places = np.linspace(0, 1, len(_STOPS))
    values = np.clip(np.nan_to_num(confidence), 0, 1)
    channels = [np.interp(values, places, stop) for stop in _STOPS.T]
    return np.column_stack([*channels, np.ones(len(values))]).astype(np.float32)

"""Contrast of narrow things with what lies around them: for many small objects."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.config import SaliencyConfig

_NOISE_SIGMA = 1.0
"""Blur in pixels, so that single pixels are no objects."""
_DARKEST = 0.05
"""Added to the surroundings' brightness: relative contrast means nothing in the dark."""
_FULL = 99.5
"""Percentile of the contrast that counts as full; the rest above is noise or glare."""


def local_contrast(image: ImageArray, config: SaliencyConfig) -> Float32Array:
    r"""Rate how much every pixel differs from the brightness around it.

    With the top-hats of mathematical morphology, over a disk a little wider than an
    object: :math:`(close(g) - g) / close(g)` is how much darker a pixel is than what
    surrounds it, relative to the light there, and :math:`(g - open(g)) / l` how much
    brighter, relative to the brightest light :math:`l` nearby. Both are linear in
    :math:`g` across an outline, which therefore lies where the light is half way. Things
    wider than an object, such as a lit field or a shadow, leave no trace.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    config
        Object width and polarity, none left to the images.

    Returns
    -------
    (h, w) float32
        From 0 to 1; 0 everywhere in an even image.

    References
    ----------
    Meyer, Contrast feature extraction, 1979 (top-hats).
    """
    rough = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    # In single precision: morphology only picks values, and is three times as fast so.
    smooth = cv2.GaussianBlur(rough, (0, 0), _NOISE_SIGMA)
    gray = np.asarray(smooth, dtype=np.float64)
    width = max(3, round(config.object_width * max(gray.shape)) | 1)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    contrast: FloatArray = np.zeros(gray.shape)
    if config.polarity != "brighter":
        around = np.asarray(
            cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, disk), dtype=np.float64
        )
        contrast = np.asarray((around - gray) / (around + _DARKEST))
    if config.polarity != "darker":
        around = np.asarray(
            cv2.morphologyEx(smooth, cv2.MORPH_OPEN, disk), dtype=np.float64
        )
        # Blurred, as the highest of many values of noise is higher than that of few.
        light = cv2.blur(cv2.dilate(smooth, disk), (width, width))
        contrast = np.maximum(contrast, (gray - around) / (light + _DARKEST))
    full = float(np.percentile(contrast, _FULL))
    if full <= 0:
        return np.zeros(gray.shape, np.float32)
    return np.clip(contrast / full, 0, 1).astype(np.float32)

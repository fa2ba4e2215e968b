"""Contrast of narrow things with what lies around them: for many small objects."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, ImageArray
from napari_jcc.config import SaliencyConfig

_NOISE_SIGMA = 1.0
"""Blur in pixels, so that single pixels are no objects."""
_FAINT = 0.5
"""Contrast that is neither raised nor lowered, as a share of the image's full one: much
fainter things are noise."""
_FULL = 99.5
"""Percentile of the contrast that counts as full; the rest above is noise or glare."""


def local_contrast(image: ImageArray, config: SaliencyConfig) -> Float32Array:
    """Rate how much every pixel differs from the brightness around it.

    With the top-hats of mathematical morphology, over a disk a little wider than an
    object: :math:`close(g) - g` is how much darker a pixel is than what surrounds it, and
    :math:`g - open(g)` how much brighter. Things wider than an object, such as a lit field
    or a shadow, leave no trace. Each is divided by the highest that there is nearby, so
    that faint objects count as strong ones do, and outlines lie where the light is half
    way.

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
    gray = np.asarray(cv2.GaussianBlur(rough, (0, 0), _NOISE_SIGMA), np.float32)
    width = max(3, round(config.object_width * max(gray.shape)) | 1)
    hats = _top_hats(gray, width, config.polarity)
    strongest = float(np.percentile(np.max(hats, axis=0), _FULL))
    if strongest <= 0:
        return np.zeros(gray.shape, np.float32)
    contrast = np.max([_even_out(hat, width, strongest) for hat in hats], axis=0)
    full = float(np.percentile(contrast, _FULL))
    return np.asarray(np.clip(contrast / full, 0, 1), np.float32)


def _top_hats(gray: Float32Array, width: int, polarity: str) -> list[Float32Array]:
    """How much darker and brighter than its surroundings every pixel is, as is asked."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    operations = {"darker": cv2.MORPH_BLACKHAT, "brighter": cv2.MORPH_TOPHAT}
    wanted = [polarity] if polarity in operations else list(operations)
    hats = [cv2.morphologyEx(gray, operations[kind], disk) for kind in wanted]
    return [np.asarray(hat, np.float32) for hat in hats]


def _even_out(hat: Float32Array, width: int, strongest: float) -> Float32Array:
    """Divide by the highest contrast within an object's width."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    # Averaged, as the highest of many values of noise is higher than that of few.
    nearby = cv2.blur(cv2.dilate(hat, disk), (width, width))
    return np.asarray(hat / (nearby + _FAINT * strongest), np.float32)

"""Scores smoothed along the edges of the image, for outlines finer than superpixels."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, ImageArray, MaskArray
from napari_jcc.errors import ConfigError
from napari_jcc.problem.otsu import otsu_thresholds

STRENGTH, COLOUR_SIGMA = 2000.0, 8.0
"""Weight of smoothness, and colour step (of 0-255) across which little is smoothed."""
HIGH_PERCENTILE = 99.0
_BINS = 1024


def smooth_scores(
    image: ImageArray, scores: Float32Array, prior: Float32Array
) -> Float32Array:
    """Mean of scores and prior, smoothed where the image is smooth.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB; its edges are kept.
    scores : (h, w) float32
        At least 0; scaled to 1 at their 99th percentile.
    prior : (h, w) float32
        In [0, 1].

    Returns
    -------
    (h, w) float32

    Raises
    ------
    ConfigError
        If OpenCV comes without its contrib modules.

    References
    ----------
    Min, Choi, Lu, Ham, Sohn and Do, Fast global image smoothing based on weighted least
    squares, TIP 2014.
    """
    if not hasattr(cv2, "ximgproc"):
        raise ConfigError(
            'decode.refinement is "smoother" but this OpenCV has no contrib modules: '
            "install opencv-contrib-python-headless in place of other OpenCV packages, or "
            "choose grabcut or none."
        )
    top = np.percentile(scores, HIGH_PERCENTILE) or scores.max() or 1.0
    both = np.asarray((scores / top + prior) / 2, dtype=np.float32)
    smoothed = cv2.ximgproc.fastGlobalSmootherFilter(image, both, STRENGTH, COLOUR_SIGMA)
    return np.asarray(smoothed, dtype=np.float32)


def split_by_otsu(values: Float32Array) -> MaskArray:
    """Pixels above Otsu's threshold; all of them if all are equal."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.ones(values.shape, dtype=np.bool_)
    steps = ((values.ravel() - low) / (high - low) * (_BINS - 1)).astype(np.int64)
    count = np.bincount(steps, minlength=_BINS).astype(np.float64)
    present = np.flatnonzero(count)
    level = present.astype(np.float64)
    group = np.zeros(len(present), dtype=np.int64)
    threshold = otsu_thresholds(level, count[present], group, 1)[0]
    return np.asarray(steps.reshape(values.shape) > threshold)

"""Scores smoothed by the image, for outlines finer than superpixels."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, ImageArray, MaskArray
from napari_jcc.errors import ConfigError
from napari_jcc.otsu import otsu_threshold
from napari_jcc.results.bilateral import smooth_alike
from napari_jcc.results.cuts import CUTS, OWN_CUT, Cut, cut_above

STRENGTH, COLOUR_SIGMA = 2000.0, 8.0
"""Weight of smoothness, and colour step (of 0-255) across which little is smoothed."""
HIGH_PERCENTILE = 99.0
LEVEL = 0.4
"""Where the cut would be if it were the same in all images. Otsu's threshold falls too low
on small objects, as the ramp that smoothing leaves around them weighs more than they do.
The cut is half way between the two."""
STEPS = (-0.1, -0.05, 0.0, 0.05, 0.1)
"""Other cuts that an object might as well have been drawn by, as steps from that one."""
_BINS = 1024


def mix_scores(scores: Float32Array, prior: Float32Array, share: float) -> Float32Array:
    """Weighted mean of scores and prior.

    Parameters
    ----------
    scores : (h, w) float32
        At least 0; scaled to 1 at their 99th percentile.
    prior : (h, w) float32
        In [0, 1].
    share
        Weight of the scores, 0 to 1.
    """
    both = share * cap_scores(scores) + (1 - share) * prior
    return both.astype(np.float32)


def cap_scores(scores: Float32Array) -> Float32Array:
    """Scores (h, w), at least 0, scaled to 1 at their 99th percentile and cut off there."""
    top = np.percentile(scores, HIGH_PERCENTILE) or scores.max() or 1.0
    return np.asarray(np.minimum(scores / top, 1), dtype=np.float32)


def smooth_twice(image: ImageArray, values: Float32Array) -> Float32Array:
    """Mean of a map (h, w) smoothed by `smooth_prior` and by `smooth_alike`.

    The former stops at every line across a part, the latter joins what has the colour of
    the object beside it. For the prior to learn from, the former alone is better.

    Raises
    ------
    ConfigError
        If OpenCV comes without its contrib modules.
    """
    return (smooth_prior(image, values) + smooth_alike(image, values)) / np.float32(2)


def smooth_prior(image: ImageArray, prior: Float32Array) -> Float32Array:
    """Smooth a map (h, w) where the image (h, w, 3) is smooth.

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
    smoothed = cv2.ximgproc.fastGlobalSmootherFilter(image, prior, STRENGTH, COLOUR_SIGMA)
    return np.asarray(smoothed, dtype=np.float32)


def split_smoothed(values: Float32Array, cut: Cut = OWN_CUT) -> MaskArray:
    """Pixels of a smoothed map in [0, 1] above the mean of Otsu's threshold and `LEVEL`.

    Where nothing reaches that, those above Otsu's threshold. `cut` moves the level, unless
    nothing would be left.
    """
    if values.min() == values.max():
        return np.ones(values.shape, dtype=np.bool_)
    level = _cut(values)
    mask = cut_above(values, level, cut)
    return mask if mask.any() else cut_above(values, level, OWN_CUT)


def split_by_all(values: Float32Array) -> MaskArray:
    """Masks (n, h, w) of a smoothed map by all of `CUTS`, the empty ones too."""
    level = _cut(values)
    return np.stack([cut_above(values, level, cut) for cut in CUTS])


def split_at_steps(values: Float32Array) -> MaskArray:
    """Masks (n, h, w) cut by `split_smoothed` and at `STEPS` from there, but empty ones."""
    own = split_smoothed(values)
    cut = _cut(values)
    masks = [own if step == 0 else values > cut + step for step in STEPS]
    return np.stack([mask for mask in masks if mask.any()])


def split_by_otsu(values: Float32Array) -> MaskArray:
    """Pixels above Otsu's threshold; all of them if all are equal."""
    if values.min() == values.max():
        return np.ones(values.shape, dtype=np.bool_)
    return np.asarray(values > _otsu(values))


def _cut(values: Float32Array) -> float:
    """Half way from Otsu's threshold to `LEVEL`; the former where nothing reaches that."""
    threshold = _otsu(values)
    half_way = (threshold + LEVEL) / 2
    return half_way if (values > half_way).any() else threshold


def _otsu(values: Float32Array) -> float:
    """Otsu's threshold of a histogram; the value if all are equal."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return low
    steps = ((values.ravel() - low) / (high - low) * (_BINS - 1)).astype(np.int64)
    count = np.bincount(steps, minlength=_BINS).astype(np.float64)
    present = np.flatnonzero(count)
    step = otsu_threshold(present.astype(np.float64), count[present])
    # A step stands for the values from it to the next, so its middle is half a step up.
    return low + (step + 0.5) / (_BINS - 1) * (high - low)

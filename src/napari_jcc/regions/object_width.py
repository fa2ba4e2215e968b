"""How wide the objects of a set are, and whether darker or brighter: pixels vote."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from napari_jcc._types import Float32Array, ImageArray, LabelMap, MaskArray
from napari_jcc.collection.intensity import resize_image
from napari_jcc.config import SaliencyConfig

_SIDE = 320
"""Longer side in pixels of the image that is measured: an object of .01 is 3 wide."""
_LEVELS = 16
"""Thresholds that an image is cut at."""
_RANGE = 0.5, 99.8
"""Percentiles of light between which they lie; few pixels may be object."""
_DARKEST = 0.05
"""Added to brightness before the logarithm: relative contrast means nothing in the dark."""
_NOISE = 2.0
"""An edge counts for what it is steeper than so many times the median of the image."""
_WIDEST = 0.25
"""Share of the longer side; what is wider is a field of view, not one of many objects."""
_BINS = np.geomspace(1 / _SIDE, _WIDEST, 49)
"""Edges of the bins of widths, a tenth apart."""
_MOST, _MARGIN = 0.9, 1.5
"""The width is that of all but the widest tenth of what was found, and half as much more:
too wide harms little, while of what is wider than it no more than the rim stands out."""
_NOTHING_FOUND = 0.025


def vote_on_width(image: ImageArray) -> Float32Array:
    """Weigh the widths that things in an image have, darker and brighter ones apart.

    The image is cut at several levels of the logarithm of light. Of the connected regions
    below or above a level that do not touch the border, every pixel votes for the one with
    the steepest outline around it: of a cell, grains within and the haze about it are less
    steep, and a lit field is wider than objects may be. The vote is for the region's width,
    that of the largest disk within, which is the short side of a worm and one cell of a
    clump. It weighs the steepness over the width: a region has the weight of its outline,
    and many small things count for more than a large one.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB.

    Returns
    -------
    (2, B) float32
        Weight of darker and of brighter things in every bin of widths.
    """
    light = _log_light(image)
    steepness = _steepness(light)
    steepest = np.zeros(light.shape, np.float32)
    width = np.ones(light.shape, np.float32)
    brighter = np.zeros(light.shape, bool)
    low, high = np.percentile(light, _RANGE)
    for level in np.linspace(low, high, _LEVELS + 2)[1:-1]:
        for above in (False, True):
            labels, strength, wide = _rate_regions((light > level) == above, steepness)
            rated = strength[labels]
            won = rated > steepest
            steepest[won] = rated[won]
            width[won] = wide[labels[won]]
            brighter[won] = above
    share = width / max(light.shape)
    weight = steepest / share / light.size
    voters = [(steepest > 0) & (brighter == kind) for kind in (False, True)]
    votes = [np.histogram(share[own], _BINS, weights=weight[own])[0] for own in voters]
    return np.stack(votes).astype(np.float32)


def fit_saliency(config: SaliencyConfig, votes: Sequence[Float32Array]) -> SaliencyConfig:
    """Fill in what the settings leave to the images: object width and polarity.

    Parameters
    ----------
    config
        An object width of 0 and the polarity ``auto`` are replaced, all else is kept.
    votes
        (2, B) of every image of the set, by `vote_on_width`.
    """
    total = np.stack(votes).sum(axis=0, dtype=np.float64)
    polarity, width = config.polarity, config.object_width
    if polarity == "auto":
        darker, brighter = total[:, _BINS[:-1] < (width or _WIDEST)].sum(axis=1)
        if darker == brighter:  # nothing was found
            polarity = "either"
        else:
            polarity = "darker" if darker > brighter else "brighter"
    if width == 0:
        rows = {"darker": [0], "brighter": [1]}.get(polarity, [0, 1])
        below = total[rows].sum(axis=0).cumsum()
        place = int(np.searchsorted(below, _MOST * below[-1]))
        width = float(f"{_MARGIN * _BINS[place + 1]:.2g}") if below[-1] else _NOTHING_FOUND
    return config.model_copy(update={"object_width": width, "polarity": polarity})


def _log_light(image: ImageArray) -> Float32Array:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    scale = min(1.0, _SIDE / max(gray.shape))
    height, width = (max(1, round(side * scale)) for side in gray.shape)
    small = cv2.GaussianBlur(resize_image(gray, (height, width)), (0, 0), 1.0)
    return np.asarray(np.log(small + _DARKEST), np.float32)


def _steepness(light: Float32Array) -> Float32Array:
    """Length of the gradient, less that of noise."""
    across, down = (cv2.Sobel(light, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
    length = cv2.magnitude(across, down)
    return np.asarray(np.maximum(length - _NOISE * np.median(length), 0), np.float32)


def _rate_regions(
    inside: MaskArray, steepness: Float32Array
) -> tuple[LabelMap, Float32Array, Float32Array]:
    """Return labels (h, w) of regions, and of each the outline's steepness and the width.

    Steepness is 0 for what is outside or touches the border, and for what is too wide.
    """
    mask = inside.astype(np.uint8)
    count, found = cv2.connectedComponents(mask, connectivity=4)
    labels: LabelMap = np.asarray(found, np.int32)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    np.minimum(depth, max(mask.shape), out=depth)  # where nothing is outside: infinite
    outline = (depth > 0) & (depth < 1.3)  # the depth of pixels on the rim is nearly 1
    owner = labels[outline]
    pixels = np.maximum(np.bincount(owner, minlength=count), 1)
    strength = np.bincount(owner, steepness[outline], count) / pixels
    ridge = inside & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, labels[ridge], depth[ridge])
    width = 2 * deepest - 1
    strength[width > _WIDEST * max(mask.shape)] = 0
    for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        strength[border] = 0
    strength[0] = 0
    return labels, strength.astype(np.float32), width

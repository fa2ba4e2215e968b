"""What a result itself tells of settings that do not fit the images."""

from __future__ import annotations

import math

import cv2
import numpy as np

from napari_jcc.results.result import ImageResult, JccResult
from napari_jcc.results.uncertainty import find_uncertainty, overall_uncertainty

_LARGE = 0.4
"""Share of an image from which a mask may be of the field of view, or of what lies between
objects."""
_ALIKE, _SIZES = 0.75, 4
"""Other things are like the object where they stand out by this share of what it does, and
are so many times larger or smaller at most."""
_SEVERAL = 3
"""Such things in an image, the median of the set, that make a hint, or such pieces of its
mask. Set with these medians in sight: 9 in a time series of cells, 5 in a z-stack, 0 in 14
sets of one object an image; 0 also in a field of 700 cells, which the hint misses. Pieces
are 10 in a z-stack of spheres, 1 in 7 sets of one object."""

_DOUBT = 0.25
"""Median doubt of a set (`Uncertainty.overall`) that makes a hint. Set with thirteen
sets in sight: docs/benchmarks/uncertainty.md."""
_FEW = 5
"""Images that are named to be looked at first, at most; of few, a third."""

_MANY = "choose the preset many (Many small objects)."
_FIELD = (
    "Masks cover much of the images. If that is the whole field of view, and your objects "
    f"are small in it, {_MANY}"
)
_BETWEEN = (
    "Masks cover much of the images. If that is what lies between your objects, say by "
    "saliency.object_width how wide an object is, a share of the longer side, and by "
    "saliency.polarity whether objects are darker or brighter."
)
_PIECES = (
    "Masks consist of several pieces of similar size. If each of these is an object, "
    f"{_MANY}"
)
_ONE_OF_MANY = (
    "Outside the masks lies more that stands out as the object does. If these are objects "
    f"too, {_MANY}"
)

_IN_DOUBT = (
    "In most images the scores tell object and rest apart poorly, so many masks may be "
    "wrong. Choose the preset photo (Photographs), which needs an encoder, or correct some "
    "images in napari, which teaches the others."
)


def describe_measured(result: JccResult) -> str:
    """Say what a run measured in the images; empty where nothing was left to them."""
    if not result.measured:
        return ""
    found = ", ".join(f"{key} {value}" for key, value in result.measured.items())
    return f"Measured in the images: {found}. Where that is wrong, set it."


def name_doubtful(result: JccResult) -> str:
    """Name the few images to look at first; empty for a single one or without scores.

    Those that have no answer of their own are left out: warnings name them.
    """
    rated = {
        image.name: doubt
        for image in result.images
        if not image.warning and (doubt := overall_uncertainty(image)) is not None
    }
    if len(rated) < 2:
        return ""
    order = sorted(rated, key=rated.__getitem__, reverse=True)
    few = order[: min(_FEW, math.ceil(len(order) / 3))]
    named = ", ".join(f"{name} ({rated[name]:.2f})" for name in few)
    return (
        f"first {named}: the most doubt about the mask, from 0, none, to 1, worked out "
        "from the scores alone. It ranks images and is no probability of being wrong"
    )


def suggest_settings(result: JccResult) -> str:
    """Say which settings may fit the images better; empty where nothing speaks for that."""
    single = all(image.instances is None for image in result.images)
    if result.typical_share > _LARGE:
        if single:
            return _FIELD
        return _BETWEEN if result.config.saliency.method == "local_contrast" else ""
    if not single:
        return ""
    pieces, others = np.median(list(map(_count_alike, result.images)), axis=0)
    if pieces >= _SEVERAL:
        return _PIECES
    if others >= _SEVERAL:
        return _ONE_OF_MANY
    return _IN_DOUBT if _is_in_doubt(result) else ""


def _is_in_doubt(result: JccResult) -> bool:
    """Whether the doubt of most images is large, and deep features were not tried."""
    known = [image for image in result.images if len(image.superpixel_scores)]
    if result.config.uses_encoder or not known:
        return False
    return float(np.median([find_uncertainty(i).overall for i in known])) > _DOUBT


def _count_alike(image: ImageResult) -> tuple[int, int]:
    """Count what is about as large as the largest piece of a mask.

    Returns
    -------
    pieces
        Of the mask, the largest included.
    others
        Things outside that are about as salient.
    """
    salient = image.saliency_map
    shape = salient.shape[1], salient.shape[0]
    mask = cv2.resize(image.mask.astype(np.uint8), shape, interpolation=cv2.INTER_NEAREST)
    if not mask.any():
        return 0, 0
    pieces = _sizes(mask)
    level = _ALIKE * np.median(salient[mask > 0])
    near = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    others = _sizes(((salient >= level) & (near == 0)).astype(np.uint8))
    return _count_near(pieces, max(pieces)), _count_near(others, max(pieces))


def _count_near(sizes: list[int], largest: int) -> int:
    return sum(largest <= _SIZES * size <= _SIZES**2 * largest for size in sizes)


def _sizes(mask: np.ndarray) -> list[int]:
    """Pixels of every connected piece."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    return [int(size) for size in stats[1:, cv2.CC_STAT_AREA]]

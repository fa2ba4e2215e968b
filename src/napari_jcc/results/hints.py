"""What a result itself tells of settings that do not fit the images."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc.results.result import ImageResult, JccResult

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


def describe_measured(result: JccResult) -> str:
    """Say what a run measured in the images; empty where nothing was left to them."""
    if not result.measured:
        return ""
    found = ", ".join(f"{key} {value}" for key, value in result.measured.items())
    return f"Measured in the images: {found}. Where that is wrong, set it."


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
    return _ONE_OF_MANY if others >= _SEVERAL else ""


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

"""The source of a pair drawn in the place of its target."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.matching.pair import PairResult

STEP = 4
"""Every so many pixels the way is computed; between them it is interpolated."""


def warp_image(image: ImageArray, pair: PairResult) -> ImageArray:
    """Draw the source of a pair in the place of its target.

    Parameters
    ----------
    image : (H, W, 3) uint8
        The source.
    pair
        The pair.

    Returns
    -------
    warped : (H', W', 3) uint8
        Of the target's size, sampled bilinearly; black beyond the source.
    """
    x, y = np.moveaxis(sampling_places(pair), 2, 0)
    warped = cv2.remap(
        np.ascontiguousarray(image),
        np.ascontiguousarray(x),
        np.ascontiguousarray(y),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(warped, dtype=np.uint8)


def sampling_places(pair: PairResult) -> Float32Array:
    """Place in the source of every pixel of the target: (H', W', 2), x and y in pixels."""
    height, width = pair.sizes[1]
    axes = [np.arange(0, size + STEP, STEP, dtype=np.float64) for size in (width, height)]
    points = np.stack(np.meshgrid(*axes), axis=-1)
    places = pair.to_source(points.reshape(-1, 2)).reshape(points.shape)
    return _fill(_fill(places, height, 0), width, 1).astype(np.float32)


def _fill(values: FloatArray, count: int, axis: int) -> FloatArray:
    """Interpolate values at every `STEP`-th place of an axis to `count` places."""
    place, rest = np.divmod(np.arange(count), STEP)
    share = np.expand_dims(rest / STEP, tuple({0, 1, 2} - {axis}))
    near, far = values.take(place, axis), values.take(place + 1, axis)
    return near + share * (far - near)

"""From pixels of any type, depth and number of channels to 8-bit RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import ImageArray
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError


@dataclass(frozen=True)
class Pixels:
    """One image as stored.

    Attributes
    ----------
    values : (H, W) or (H, W, C), any boolean, integer or real type
    is_colour
        Whether the first three channels are red, green and blue.
    alpha
        Channel that holds the opacity, or None.
    """

    values: NDArray[Any]
    is_colour: bool = False
    alpha: int | None = None


def label_channels(values: NDArray[Any]) -> Pixels:
    """Name channels by their number: 1 gray, 2 gray and opacity, 3 RGB, 4 RGBA.

    Parameters
    ----------
    values
        (H, W) or (H, W, C).
    """
    channels = values.shape[2] if values.ndim == 3 else 1
    return Pixels(values, channels >= 3, {2: 1, 4: 3}.get(channels))


def orient(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn pixels upright.

    Parameters
    ----------
    values
        (H, W) or (H, W, C).
    orientation
        Value of the EXIF and TIFF tag 274; 1, or a value the standard does not know,
        leaves the image as it is.

    References
    ----------
    TIFF Revision 6.0, "Orientation" (where row 0 and column 0 of the data are shown).
    """
    swapped = values.swapaxes(0, 1)
    turned = {
        2: values[:, ::-1],
        3: values[::-1, ::-1],
        4: values[::-1],
        5: swapped,
        6: swapped[:, ::-1],
        7: swapped[::-1, ::-1],
        8: swapped[::-1],
    }
    return np.ascontiguousarray(turned.get(orientation, values))


def oriented_shape(shape: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Height and width after `orient`."""
    return shape[::-1] if orientation in (5, 6, 7, 8) else shape


def to_rgb(pixels: Pixels, config: CollectionConfig) -> ImageArray:
    """Show an image as 8-bit RGB.

    Channels are chosen first (``config.channels``), then intensities are stretched
    (``config.normalise``): a colour image by one range, so that hues stay, separate
    channels each by its own, so that none drowns the others. Two channels, or more than
    three, are averaged. Transparent pixels are shown on white, those whose opacity is not a
    number as they are. Pixels that are not finite take the smallest finite value of the
    image.

    Parameters
    ----------
    pixels
        Image as stored.
    config
        Channels and intensity stretch.

    Returns
    -------
    image : (H, W, 3) uint8

    Raises
    ------
    InputError
        If a chosen channel does not exist, no pixel is finite, or the values are not
        boolean, integer or real.
    """
    check_type(pixels.values.dtype)
    planes = pixels.values.reshape(*pixels.values.shape[:2], -1)
    opacity = None
    is_colour = pixels.is_colour
    if config.channels:
        planes = _choose(planes, config.channels)
        is_colour = is_colour and planes.shape[2] == 3
    else:
        if pixels.alpha is not None:
            alpha = planes[..., pixels.alpha : pixels.alpha + 1]
            opacity = np.where(np.isnan(alpha), np.float32(1), _full_range(alpha))
            planes = np.delete(planes, pixels.alpha, axis=2)
        planes = planes[..., :3] if is_colour else planes
    is_averaged = not is_colour and (planes.shape[2] != 3 or not config.channels)
    is_single = not is_averaged or planes.shape[2] == 1
    if (
        planes.dtype == np.uint8
        and is_single
        and opacity is None
        and not _stretches(planes, config)
    ):
        image = planes  # what the steps below come to
    else:
        shown = _stretch(_fill(planes), config, jointly=is_colour)
        if is_averaged:
            shown = shown.mean(axis=2, keepdims=True)
        if opacity is not None:
            shown = 1 - opacity + opacity * shown
        image = np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(image, 3 // image.shape[2], axis=2))


def reduce_image(image: ImageArray, longest: int) -> ImageArray:
    """Reduce an image to working size by area averaging; smaller ones stay as they are.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    longest
        Pixels of the longer side at most.

    Returns
    -------
    image : (h, w, 3) uint8
        h and w at least 1.
    """
    shape = image.shape[0], image.shape[1]
    return image if max(shape) <= longest else resize_image(image, reduced(shape, longest))


def reduced(shape: tuple[int, int], longest: int) -> tuple[int, int]:
    """Height and width of an image once its longer side is reduced to `longest`."""
    scale = longest / max(shape)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resize_image(image: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Bring an image (H, W) or (H, W, C) to `shape`; means of areas where a side shrinks.

    One side may shrink while the other grows. In one step OpenCV would then take no means,
    and shift what it shows.
    """
    least = min(shape[0], image.shape[0]), min(shape[1], image.shape[1])
    small = cv2.resize(image, least[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR))


def check_type(dtype: np.dtype[Any]) -> None:
    """Refuse values that are not boolean, integer or real.

    Raises
    ------
    InputError
        If `dtype` is complex, text, time or objects.
    """
    if dtype.kind not in "buif":
        raise InputError(
            f"values of type {dtype} are no intensities; convert them to integers or floats"
        )


def _choose(planes: NDArray[Any], channels: tuple[int, ...]) -> NDArray[Any]:
    count = planes.shape[2]
    missing = [channel for channel in channels if not 0 <= channel < count]
    if missing:
        raise InputError(
            f"channel {missing[0]} was asked for, but the last one is {count - 1}; change "
            "collection.channels"
        )
    return planes[..., list(channels)]


def _fill(planes: NDArray[Any]) -> NDArray[Any]:
    """Replace what is not finite by the smallest finite value."""
    if planes.dtype.kind != "f":
        return planes
    finite = np.isfinite(planes)
    if finite.all():
        return planes
    if not finite.any():
        raise InputError("no pixel is a finite number")
    return np.where(finite, planes, planes[finite].min())


def _stretch(
    planes: NDArray[Any], config: CollectionConfig, *, jointly: bool
) -> NDArray[Any]:
    """Map intensities to [0, 1]; (H, W, C) to (H, W, C) float."""
    if not _stretches(planes, config):
        return _full_range(planes)
    percentiles = config.low_percentile, config.high_percentile
    if jointly or planes.shape[2] == 1:
        return _between(planes, *_find_range(planes, *percentiles))
    separate = [
        _between(plane, *_find_range(plane, *percentiles))
        for plane in np.moveaxis(planes, 2, 0)
    ]
    return np.stack(separate, axis=2)


def _stretches(planes: NDArray[Any], config: CollectionConfig) -> bool:
    is_deep = planes.dtype.itemsize > 1
    return config.normalise == "always" or (config.normalise == "auto" and is_deep)


def _find_range(values: NDArray[Any], low: float, high: float) -> tuple[float, float]:
    """Values at two percentiles; the extremes where the percentiles coincide."""
    if values.dtype.kind == "b":
        return 0.0, 1.0
    # Values that occur, not between two: interpolation would overflow near the type's end.
    bottom = values.min() if low == 0 else np.percentile(values, low, method="lower")
    top = values.max() if high == 100 else np.percentile(values, high, method="higher")
    if bottom == top:
        bottom, top = values.min(), values.max()
    return float(bottom), float(top)


def _full_range(values: NDArray[Any]) -> NDArray[Any]:
    """Map the whole range of an integer type, and [0, 1] of a float type, to [0, 1]."""
    if values.dtype.kind in "bf":
        return _between(values, 0.0, 1.0)
    limits = np.iinfo(values.dtype)
    return _between(values, float(limits.min), float(limits.max))


def _between(values: NDArray[Any], low: float, high: float) -> NDArray[Any]:
    """Map [low, high] to [0, 1] and cut off what lies outside; all 0 where low is high."""
    if low == high:
        return np.zeros(values.shape, np.float32)
    exact = values.dtype.itemsize <= 2 or values.dtype == np.float32
    values = np.clip(values.astype(np.float32 if exact else np.float64), low, high)
    if high - low > np.finfo(values.dtype).max:  # the difference would overflow
        values, low, high = values / 2, low / 2, high / 2
    return np.clip((values - values.dtype.type(low)) / values.dtype.type(high - low), 0, 1)

"""Pixels as stored, with what their channels mean, turned the way a viewer shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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

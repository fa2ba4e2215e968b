"""Masks and numbered objects as the values of gray pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_jcc._types import ImageArray, MaskArray
from napari_jcc.errors import OutputError


def to_gray(mask: MaskArray) -> ImageArray:
    """Return a mask as 0 and 255."""
    return np.where(mask, np.uint8(255), np.uint8(0))


def number_type(highest: int) -> np.dtype[Any]:
    """Return 8 bit where that holds numbers of objects up to `highest`, else 16 bit.

    Raises
    ------
    OutputError
        If 16 bit do not hold them.
    """
    kind = np.min_scalar_type(highest)
    if kind.itemsize > 2:
        raise OutputError(
            f"An image has objects up to number {highest}; PNG and TIFF hold 65535. Number "
            "the objects from 1, leave out small ones (decode.smallest_piece), or export "
            "COCO."
        )
    return kind


def save_picture(values: NDArray[Any], path: Path) -> None:
    """Write a picture, in a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)

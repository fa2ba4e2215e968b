"""Masks and numbered objects as the values of gray pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_jcc._types import ImageArray, MaskArray


def to_gray(mask: MaskArray) -> ImageArray:
    """Return a mask as 0 and 255."""
    return np.where(mask, np.uint8(255), np.uint8(0))


def number_type(highest: int) -> np.dtype[Any]:
    """Return 8 bit where that holds numbers of objects up to `highest`, else 16 bit."""
    return np.dtype(np.uint8 if highest <= np.iinfo(np.uint8).max else np.uint16)


def save_picture(values: NDArray[Any], path: Path) -> None:
    """Write a picture, in a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)

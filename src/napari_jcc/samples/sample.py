"""A small set of images, with the truth where it is exactly known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection


@dataclass(frozen=True)
class Sample:
    """Images that show the same kind of object.

    Attributes
    ----------
    name
        Name in the registry.
    title
        Name in menus.
    images : each (H, W) uint8 or uint16
        Sizes differ from image to image.
    names
        One per image.
    masks : each (H, W) bool
        True on the object; None where the truth is not exactly known.
    """

    name: str
    title: str
    images: tuple[NDArray[Any], ...]
    names: tuple[str, ...]
    masks: tuple[MaskArray, ...] | None = None

    def collection(self) -> ImageCollection:
        """Images as a collection, ready to be segmented."""
        return ImageCollection.from_arrays(self.images, names=self.names)

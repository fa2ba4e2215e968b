"""Images by name, some of them turned, and points on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from napari_jcc._types import FloatArray, ImageArray
from napari_jcc.collection.turns import AS_IS, Turn


class TurnedImages(Mapping[str, ImageArray]):
    """Images that are turned when they are read.

    Parameters
    ----------
    images
        (H, W, 3) uint8 RGB by name.
    turns
        Of those that are turned.
    """

    def __init__(self, images: Mapping[str, ImageArray], turns: Mapping[str, Turn]) -> None:
        self._images = images
        self._turns = {name: turn for name, turn in turns.items() if turn != AS_IS}

    def __getitem__(self, name: str) -> ImageArray:
        image = self._images[name]
        if name not in self._turns:
            return image
        return np.ascontiguousarray(self._turns[name].apply(image))

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)

    def carry(self, name: str, points: FloatArray) -> FloatArray:
        """Move points (K, 2) of an image as it is to where they are once it is turned."""
        if name not in self._turns:
            return points
        height, width = self._images[name].shape[:2]
        return self._turns[name].carry(points, (height, width))

    def carry_back(self, name: str, points: FloatArray) -> FloatArray:
        """Undo `carry`."""
        if name not in self._turns:
            return points
        height, width = self._images[name].shape[:2]
        return self._turns[name].carry_back(points, (height, width))

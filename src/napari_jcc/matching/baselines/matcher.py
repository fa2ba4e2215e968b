"""The common interface of all matchers of two images, trained or not."""

from __future__ import annotations

from typing import Protocol

from napari_jcc._types import ImageArray
from napari_jcc.registration.match import PairMatch


class PairMatcher(Protocol):
    """Matches two images that show the same kind of object."""

    name: str

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images.

        Parameters
        ----------
        source : (H, W, 3) uint8
            RGB; points are mapped into this image.
        target : (H', W', 3) uint8
            RGB; points are given in this image.

        Raises
        ------
        WeightsError
            If the encoder behind the matcher cannot be had or used.
        """
        ...

"""What every way of matching two images offers, trained or not."""

from __future__ import annotations

from typing import Protocol

from napari_jcc._types import ImageArray
from napari_jcc.registration.match import PairMatch


class PairMatcher(Protocol):
    """A way of matching two images that show the same kind of object."""

    name: str

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images.

        Parameters
        ----------
        source : (H, W, 3) uint8
            RGB; where points are carried to.
        target : (H', W', 3) uint8
            RGB; where points come from.

        Raises
        ------
        WeightsError
            If the encoder behind the matcher cannot be had or used.
        """
        ...

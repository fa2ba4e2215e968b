"""What the stages of a whole set have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_jcc._types import ImageArray
from napari_jcc.config import JccConfig
from napari_jcc.pipeline.encoding import EncodedImages
from napari_jcc.pipeline.keeper import Keeper


@dataclass(frozen=True)
class WorkingSet:
    """The images of a run, and what stages work on them with.

    Attributes
    ----------
    images
        (h, w, 3) uint8 each, RGB at working size.
    encoded
        The encoder's maps of the same images.
    config
        Settings of the run.
    keeper
        Where results are kept.
    """

    images: Sequence[ImageArray]
    encoded: EncodedImages
    config: JccConfig
    keeper: Keeper

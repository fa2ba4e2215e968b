"""What all stages of a run share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig
from napari_jcc.pipeline.encoding import EncodedImages
from napari_jcc.pipeline.stage_runner import StageRunner


@dataclass(frozen=True)
class WorkingSet:
    """The images of a run, and what all its stages use.

    Attributes
    ----------
    collection
        The images that could be read.
    images
        The same, (h, w, 3) uint8 each, RGB at working size.
    encoded
        Feature maps of the same images.
    config
        Settings of the run.
    runner
        Runs the stages.
    """

    collection: ImageCollection
    images: Sequence[ImageArray]
    encoded: EncodedImages
    config: JccConfig
    runner: StageRunner

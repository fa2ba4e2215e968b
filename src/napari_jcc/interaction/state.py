"""The state of a set under some edits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari_jcc.interaction.joint import SolvedProgram
from napari_jcc.regions import ImageRegions
from napari_jcc.results import ImageResult
from napari_jcc.results.pixel_classifier import PixelClassifier


@dataclass(frozen=True)
class State:
    """Results of a set; immutable, so that other threads see one state or the next.

    Attributes
    ----------
    regions
        Superpixels, prior and boxes of every image, as `solved` was computed with.
    solved
        Solution of the joint problem; None without one.
    pixel_classifier
        Of ``decode.refinement=look``; None with other settings.
    images
        Masks and boxes, before edits are laid over.
    settled
        Masks and boxes after the last update of the whole set, at first those of the run.
    """

    regions: tuple[ImageRegions, ...]
    solved: SolvedProgram | None
    pixel_classifier: PixelClassifier | None
    images: tuple[ImageResult, ...]
    settled: tuple[ImageResult, ...]

    def with_image(self, place: int, image: ImageResult) -> State:
        """Return a state with another answer for one image."""
        images = (*self.images[:place], image, *self.images[place + 1 :])
        return replace(self, images=images)

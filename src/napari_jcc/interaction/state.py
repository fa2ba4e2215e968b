"""What a set has come to under some edits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari_jcc.interaction.joint import SolvedProgram
from napari_jcc.regions import ImageRegions
from napari_jcc.results import ImageResult
from napari_jcc.results.look import Look


@dataclass(frozen=True)
class State:
    """Answers for a set, replaced as a whole so that other threads see one or the other.

    Attributes
    ----------
    regions
        Pieces of every image, with the prior and boxes that `solved` was found with.
    solved
        Of the joint problem; None without one.
    look
        What objects look like in the set; None where masks are not redrawn by it.
    images
        Masks and boxes, no edits laid over.
    settled
        Those that answers for one image start from: of the run, or of the whole set.
    """

    regions: tuple[ImageRegions, ...]
    solved: SolvedProgram | None
    look: Look | None
    images: tuple[ImageResult, ...]
    settled: tuple[ImageResult, ...]

    def with_image(self, place: int, image: ImageResult) -> State:
        """Return a state with another answer for one image."""
        images = (*self.images[:place], image, *self.images[place + 1 :])
        return replace(self, images=images)

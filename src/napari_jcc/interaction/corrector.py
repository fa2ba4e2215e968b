"""Interactive correction: edits update one image at once, then the whole set."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from napari_jcc._types import MaskArray
from napari_jcc.errors import InputError
from napari_jcc.interaction.answer_cache import AnswerCache
from napari_jcc.interaction.edit import ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.overlay import image_keys, lay_over, lay_over_image
from napari_jcc.interaction.resegmenter import Resegmenter
from napari_jcc.interaction.state import State
from napari_jcc.interaction.state_cache import StateCache
from napari_jcc.pipeline.finished import FinishedRun, as_finished
from napari_jcc.progress import Progress, as_progress
from napari_jcc.regions import mask_iou
from napari_jcc.results import ImageResult, JccResult

CHANGED_BELOW = 0.9
"""A mask whose intersection over union J with the last reported mask is below this has
changed.

1 - J is a metric. By its triangle inequality, the J of two masks with any third one, such
as the truth, differ by at most 1 minus their own J. So while no change is reported, the
score of an image has changed by at most .1.
"""


@dataclass(frozen=True)
class Settled:
    """The result of `Corrector.settle`.

    Attributes
    ----------
    result
        All images, with edits laid over.
    changed
        Indices, ascending, of the images whose masks have changed: their IoU with the mask
        of the last report, at first that of the run, is below `CHANGED_BELOW`.
    seconds
        Wall time.
    """

    result: JccResult
    changed: tuple[int, ...]
    seconds: float


class Corrector:
    """Applies the edits of a user to a finished run.

    `update` sets the edits. `answer` solves again for one image, while all others stay as
    they are; `settle` learns from the corrected images and solves again for the whole set.
    A corrected image keeps its answer until it is drawn on again, because a user who has
    moved on does not check it again. Without edits `settle` returns the result of the run.

    `settle` may run in a worker thread while `update` and `answer` are called from another.
    Every result has the latest edits laid over it; edits made while `settle` runs are
    learned from by the next call.

    Parameters
    ----------
    run
        A finished run; its own result is never changed.
    edits
        Edits made before, in another session or on a run with other settings.
    reported
        Results shown last, with edits laid over, to which `settle` compares its own. None:
        those of the run.
    held
        Answers under these edits that corrected images keep; see `held`.

    Raises
    ------
    InputError
        If `run` is none, or an image cannot be read any more, or was drawn on at another
        size.
    """

    def __init__(
        self,
        run: FinishedRun,
        edits: Edits | None = None,
        reported: Sequence[ImageResult] | None = None,
        held: Mapping[ImageKey, ImageResult] | None = None,
    ) -> None:
        self.keys: tuple[ImageKey, ...] = image_keys(as_finished(run).collection)
        self._run = run
        self._edits = Edits()
        self._resegmenter = Resegmenter(run, self.keys)
        # The latest answers, and the edits that the whole set was settled under, if it was.
        self._now: tuple[State, Edits | None] = self._resegmenter.start, self._edits
        self._earlier = StateCache()
        self._answered = AnswerCache()
        # One thread settles at a time; `_now` is compared and replaced in one go.
        self._working, self._storing = threading.Lock(), threading.Lock()
        self.update(edits or Edits())
        for place, key in enumerate(self.keys):
            if held is not None and key in held:
                self._answered.keep(place, self._edits.of(key), held[key])
        self._reported = [image.mask for image in reported or self.result.images]

    @property
    def edits(self) -> Edits:
        """The edits that were last set."""
        return self._edits

    @property
    def machine(self) -> tuple[ImageResult, ...]:
        """The latest results before the edits are laid over."""
        return self._now[0].images

    @property
    def result(self) -> JccResult:
        """The latest results, with edits laid over."""
        return self._lay_over(self.machine)

    @property
    def held(self) -> dict[ImageKey, ImageResult]:
        """Answers of corrected images, which they keep until they are drawn on again."""
        return {self.keys[i]: image for i, image in self._held(self._edits).items()}

    @property
    def edited(self) -> tuple[int, ...]:
        """Indices of the images with edits, ascending."""
        return self._edits.edited_places(self.keys)

    def update(self, edits: Edits) -> tuple[int, ...]:
        """Set the edits and return the indices of the images where they have changed.

        Edits of renamed images are assigned to the present names.

        Raises
        ------
        InputError
            If an image was drawn on at another size; the edits before stay in place.
        """
        edits, before = edits.adopt(self.keys), self._edits
        changed = edits.changed_places(before, self.keys)
        for place in changed:
            edits.check_size(self.keys[place], self._run.collection.shape(place))
        self._edits = edits
        return changed

    def answer(self, image: int, progress: Progress | None = None) -> ImageResult:
        """Solve again for one image under its edits; all others stay as they are.

        A recent answer under the same edits, as after undoing a stroke, is reused.

        Parameters
        ----------
        image
            Its index in the collection.
        progress
            Cancels the work.

        Raises
        ------
        InputError
            If there is no such image.
        Cancelled
            If the progress was cancelled.
        """
        if not 0 <= image < len(self.keys):
            raise InputError(
                f"There are {len(self.keys)} images, but image {image} was asked for."
            )
        edits, before = self._edits, self._now
        known = self._known(edits)
        if known is not None:
            answered = known
            self._keep(edits, image, known)
        else:
            answered = self._answer(edits, before[0], image, as_progress(progress))
        with self._storing:
            # `settle` may have finished meanwhile; its state is newer and stays.
            if before is self._now:
                self._now = answered, edits if known else None
        return lay_over_image(answered.images[image], edits, self.keys[image])

    def prepare(self, image: int, progress: Progress | None = None) -> None:
        """Compute in advance what the next `answer` for an image needs for any edit.

        Parameters and cancelling as for `answer`.

        Raises
        ------
        SolverError
            If the image's part of the problem is not solved.
        """
        self._resegmenter.prepare(self._now[0], image, as_progress(progress))

    def settle(self, progress: Progress | None = None) -> Settled:
        """Learn from the edits and solve again for the whole set under them.

        Parameters
        ----------
        progress
            Told of every step; cancels.

        Raises
        ------
        SolverError, Cancelled
            If the joint problem is not solved, or cancelled; the previous results stay.
        """
        progress = as_progress(progress)
        start = time.perf_counter()
        with self._working:
            state = self._reach(progress)
            result = self._lay_over(state.images)
            pairs = enumerate(zip(self._reported, result.images, strict=True))
            changed = {i: new.mask for i, (old, new) in pairs if _differ(old, new.mask)}
            for place, mask in changed.items():
                self._reported[place] = mask
        return Settled(result, tuple(changed), time.perf_counter() - start)

    def catch_up(self, progress: Progress) -> None:
        """Settle the set without reporting changes; the next `settle` reports them.

        Raises
        ------
        SolverError, Cancelled
            As `settle`.
        """
        with self._working:
            self._reach(progress)

    def _answer(self, edits: Edits, state: State, image: int, progress: Progress) -> State:
        """Return the state with the kept answer under the same edits, or solve."""
        key = self.keys[image]
        extends_answer = edits.extends(key, self._answered.last_drawn(image))
        if not extends_answer:
            state = self._resegmenter.forget(state, image)
        kept = self._answered.find(image, edits.of(key))
        if kept is not None:
            answered = state.with_image(image, kept)
        else:
            answered = self._resegmenter.answer(edits, state, image, progress)
        if extends_answer or kept is not None:
            self._keep(edits, image, answered)
        else:  # the next `settle` computes it, as others may still depend on undone edits
            self._answered.release(image)
        return answered

    def _keep(self, edits: Edits, image: int, state: State) -> None:
        """Keep the answer of an image with edits."""
        key = self.keys[image]
        if edits.is_edited(key):
            self._answered.keep(image, edits.of(key), state.images[image])
        else:
            self._answered.release(image)

    def _reach(self, progress: Progress) -> State:
        """Return the state of the whole set under the present edits, settled if need be."""
        edits = self._edits
        state = self._known(edits)
        if state is None:
            state = self._resegmenter.settle(edits, self._held(edits), progress)
            self._earlier.keep(edits, state)
        with self._storing:
            progress.raise_if_cancelled()  # an answer may rest on the state before
            self._hold(edits, state.images)
            self._now = state, edits
        return state

    def _held(self, edits: Edits) -> dict[int, ImageResult]:
        """Answers of the images with edits that have not changed since, by index."""
        places = edits.edited_places(self.keys)
        found = ((i, self._answered.find(i, edits.of(self.keys[i]))) for i in places)
        return {place: image for place, image in found if image is not None}

    def _hold(self, edits: Edits, images: Sequence[ImageResult]) -> None:
        """Keep the answers of images with edits, unless the edits have changed since."""
        for place in edits.edited_places(self.keys):
            drawn = edits.of(self.keys[place])
            if drawn == self._edits.of(self.keys[place]):
                self._answered.keep(place, drawn, images[place])

    def _known(self, edits: Edits) -> State | None:
        """Return the state settled under some edits, if there is one."""
        if not edits.edited:
            return self._resegmenter.start
        state, settled = self._now
        if settled is not None and settled.entries == edits.entries:
            return state
        return self._earlier.recall(edits)

    def _lay_over(self, images: tuple[ImageResult, ...]) -> JccResult:
        return lay_over(replace(self._run.result, images=images), self._edits, self.keys)


def _differ(mask: MaskArray, other: MaskArray) -> bool:
    if mask.shape != other.shape:
        return True  # another image has taken the place of the file
    return mask_iou(mask, other) < CHANGED_BELOW

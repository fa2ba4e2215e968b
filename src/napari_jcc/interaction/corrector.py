"""Interactive correction: edits re-solve one image at once, then teach the whole set."""

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
from napari_jcc.pipeline import FinishedRun
from napari_jcc.progress import Progress, as_progress
from napari_jcc.regions import mask_iou
from napari_jcc.results import ImageResult, JccResult

CHANGED_BELOW = 0.9
"""Masks whose intersection over union J with those known is below this have changed.

1 - J is a metric: by its triangle inequality J with any third mask, so also with the truth,
differs by no more than 1 - J between two masks. Where no change is told, no score has thus
moved by more than .1 since one was told last, whatever the object may be.
"""


@dataclass(frozen=True)
class Settled:
    """What `Corrector.settle` answers.

    Attributes
    ----------
    result
        All images, edits laid over.
    changed
        Places, ascending, of the images whose masks have changed: their IoU with the mask
        at the last reported change, at first the run's own, is below `CHANGED_BELOW`.
    seconds
        Wall time.
    """

    result: JccResult
    changed: tuple[int, ...]
    seconds: float


class Corrector:
    """Applies a user's edits to a finished run.

    `update` takes over edits. `answer` then re-solves one image while all others stay as
    they are; `settle` learns from the corrected images what the object looks like and
    re-solves the whole set. An image that was drawn on keeps its answer until it is drawn
    on again, because a user who has moved on to the next image does not look back.
    Without edits `settle` returns the run's own result.

    `settle` may run in a worker thread while `update` and `answer` are called from another.
    Every result has the latest edits laid over it; what is drawn while `settle` runs is
    learned by the next one.

    Parameters
    ----------
    run
        A finished run; its own result is never changed.
    edits
        What was drawn before, in another session or on a run with other settings.
    told
        Answers that were shown last, edits laid over; `settle` reports changes against
        them. None: the run's own.
    held
        Answers, found under these edits, that images drawn on keep; see `held`.

    Raises
    ------
    InputError
        If an image cannot be read any more, or was drawn on at another size.
    """

    def __init__(
        self,
        run: FinishedRun,
        edits: Edits | None = None,
        told: Sequence[ImageResult] | None = None,
        held: Mapping[ImageKey, ImageResult] | None = None,
    ) -> None:
        self.keys: tuple[ImageKey, ...] = image_keys(run.collection)
        self._run = run
        self._edits = Edits()
        self._resegmenter = Resegmenter(run, self.keys)
        # The latest answers, and the edits that the whole set was settled under, if it was.
        self._now: tuple[State, Edits | None] = self._resegmenter.start, self._edits
        self._earlier = StateCache()
        self._answered = AnswerCache()
        self._working = threading.Lock()
        self.update(edits or Edits())
        for place, key in enumerate(self.keys):
            if held is not None and key in held:
                self._answered.keep(place, self._edits.of(key), held[key])
        self._told = [image.mask for image in told or self.result.images]

    @property
    def edits(self) -> Edits:
        """What was drawn, as last taken over."""
        return self._edits

    @property
    def machine(self) -> tuple[ImageResult, ...]:
        """The machine's latest answers without the edits laid over."""
        return self._now[0].images

    @property
    def result(self) -> JccResult:
        """The latest answers, edits laid over."""
        return self._lay_over(self.machine)

    @property
    def held(self) -> dict[ImageKey, ImageResult]:
        """Answers for the images drawn on, which stay so until they are drawn on again."""
        return {self.keys[i]: image for i, image in self._held(self._edits).items()}

    @property
    def edited(self) -> tuple[int, ...]:
        """Places of the images that something is drawn on, ascending."""
        return self._edits.edited_places(self.keys)

    def update(self, edits: Edits) -> tuple[int, ...]:
        """Take over edits and return the places of the images where they differ.

        Entries of renamed images are brought to their present names.

        Raises
        ------
        InputError
            If an image was drawn on at another size; the edits before stay in place.
        """
        edits, before = edits.adopt(self.keys), self._edits
        changed = edits.changed_places(before, self.keys)
        for place in changed:
            # Refuses marks of another size. Called from windows, it does no more than that.
            edits.marks(self.keys[place], self._run.collection.shape(place))
        self._edits = edits
        return changed

    def answer(self, image: int, progress: Progress | None = None) -> ImageResult:
        """Re-solve one image under its edits, the others staying as they are.

        Where the set was settled or the image answered under the same edits lately, as when
        a stroke is taken back, that is the answer.

        Parameters
        ----------
        image
            Its place in the collection.
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
        # The whole set may have been settled meanwhile, which knows more.
        if before is self._now:
            self._now = answered, edits if known else None
        return lay_over_image(answered.images[image], edits, self.keys[image])

    def prepare(self, image: int, progress: Progress | None = None) -> None:
        """Do what the next `answer` for an image needs, whatever is drawn on it.

        Parameters and cancelling as for `answer`.

        Raises
        ------
        SolverError
            If the image's part of the problem is not solved.
        """
        self._resegmenter.prepare(self._now[0], image, as_progress(progress))

    def settle(self, progress: Progress | None = None) -> Settled:
        """Learn from the edits and re-solve the whole set under them.

        Parameters
        ----------
        progress
            Told of every step; cancels.

        Raises
        ------
        SolverError
            If the joint problem is not solved; the answers before stay in place.
        Cancelled
            If the progress was cancelled; likewise.
        """
        progress = as_progress(progress)
        start = time.perf_counter()
        with self._working:
            state = self._reach(progress)
            result = self._lay_over(state.images)
            pairs = enumerate(zip(self._told, result.images, strict=True))
            changed = {i: new.mask for i, (told, new) in pairs if _differ(told, new.mask)}
            for place, mask in changed.items():
                self._told[place] = mask
        return Settled(result, tuple(changed), time.perf_counter() - start)

    def catch_up(self, progress: Progress) -> None:
        """Settle the set without telling what has changed; the next `settle` tells it.

        Raises
        ------
        SolverError, Cancelled
            As `settle`.
        """
        with self._working:
            self._reach(progress)

    def _answer(self, edits: Edits, state: State, image: int, progress: Progress) -> State:
        """Answer for an image as before under the same entries, else by solving."""
        key = self.keys[image]
        goes_on = edits.go_on(key, self._answered.last_drawn(image))
        if not goes_on:
            state = self._resegmenter.forget(state, image)
        kept = self._answered.find(image, edits.of(key))
        if kept is not None:
            answered = state.with_image(image, kept)
        else:
            answered = self._resegmenter.answer(edits, state, image, progress)
        if goes_on or kept is not None:
            self._keep(edits, image, answered)
        else:  # to be answered anew with the others, which still know what was taken back
            self._answered.let_go(image)
        return answered

    def _keep(self, edits: Edits, image: int, state: State) -> None:
        """Keep the answer for an image, if something is drawn on it."""
        key = self.keys[image]
        if edits.holds(key):
            self._answered.keep(image, edits.of(key), state.images[image])
        else:
            self._answered.let_go(image)

    def _reach(self, progress: Progress) -> State:
        """Return the state of the whole set under the present edits, settled if need be."""
        edits = self._edits
        state = self._known(edits)
        if state is None:
            state = self._resegmenter.settle(edits, self._held(edits), progress)
            self._hold(edits, state.images)
            self._earlier.keep(edits, state)
        self._now = state, edits
        return state

    def _held(self, edits: Edits) -> dict[int, ImageResult]:
        """Answers for the images drawn on that nothing was drawn on since, by place."""
        places = edits.edited_places(self.keys)
        found = ((i, self._answered.find(i, edits.of(self.keys[i]))) for i in places)
        return {place: image for place, image in found if image is not None}

    def _hold(self, edits: Edits, images: Sequence[ImageResult]) -> None:
        """Keep answers for the images drawn on, unless there are later ones."""
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

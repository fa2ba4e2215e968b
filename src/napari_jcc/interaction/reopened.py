"""Corrections of an opened result, whose run is repeated only when it is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from napari_jcc.errors import InputError
from napari_jcc.interaction.corrector import Corrector, Settled
from napari_jcc.interaction.edit import ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.overlay import lay_over_image
from napari_jcc.pipeline import FinishedRun
from napari_jcc.progress import Progress, as_progress
from napari_jcc.results import ImageResult

Rerun = Callable[[Progress], FinishedRun | None]
"""None where another result would come out."""

_POLL = 0.05
"""Seconds between two checks whether a wait was cancelled."""


class ReopenedCorrector:
    """Takes the place of a `Corrector` until a result must be computed.

    A project stores no regions and features. Edits are accepted without them; the first
    `wake` repeats the run that gave the result, mostly from the cache.

    Parameters
    ----------
    images
        Results in the project, before edits are laid over.
    keys
        Of these images.
    edits
        The edits that these results have learned from.
    rerun
        Repeats the run; None if its images are missing. Without a run edits are only laid
        over the stored results.
    """

    def __init__(
        self,
        images: Sequence[ImageResult],
        keys: Sequence[ImageKey],
        edits: Edits,
        rerun: Rerun | None,
    ) -> None:
        self._images = tuple(images)
        self._keys = tuple(keys)
        self._taught, self._edits = edits, edits
        self._rerun = rerun
        self._awake: Corrector | None = None
        self._waking, self._handover = threading.Lock(), threading.Lock()

    @property
    def keys(self) -> tuple[ImageKey, ...]:
        """Keys of the images; after `wake` with their content of today."""
        return self._keys if self._awake is None else self._awake.keys

    @property
    def is_asleep(self) -> bool:
        """Whether the next answer first repeats the run."""
        return self._awake is None and self._rerun is not None

    @property
    def machine(self) -> tuple[ImageResult, ...]:
        """The latest results before the edits are laid over."""
        return self._images if self._awake is None else self._awake.machine

    @property
    def held(self) -> dict[ImageKey, ImageResult]:
        """Answers that corrected images keep; see `Corrector.held`."""
        if self._awake is not None:
            return self._awake.held
        answers, edited = dict(zip(self._keys, self._images, strict=True)), self._edits
        same = [k for k in edited.edited if self._taught.of(k) == edited.of(k)]
        return {key: answers[key] for key in same if key in answers}

    @property
    def edited(self) -> tuple[int, ...]:
        """Indices of the images with edits, ascending."""
        return self._edits.edited_places(self.keys)

    def update(self, edits: Edits) -> tuple[int, ...]:
        """Set the edits and return the indices of the images where they have changed.

        Raises
        ------
        InputError
            If an image was drawn on at another size; the edits before stay in place.
        """
        with self._handover:
            if self._awake is not None:
                changed = self._awake.update(edits)
            else:
                changed = edits.changed_places(self._edits, self._keys)
                for place in changed:
                    rows, columns = self._images[place].mask.shape
                    edits.check_size(self._keys[place], (rows, columns))
            self._edits = edits
        return changed

    def wake(self, progress: Progress) -> Corrector | None:
        """Repeat the run unless that was done; None where it cannot be repeated.

        Raises
        ------
        JccError
            If images cannot be read any more, or on cancel; the results stay.
        """
        with self._waking_alone(progress):
            if self._awake is not None or self._rerun is None:
                return self._awake
            finished = self._rerun(progress)
            if finished is None:
                self._rerun = None
                return None
            shown = [
                lay_over_image(image, self._taught, key)
                for image, key in zip(self._images, self._keys, strict=True)
            ]
            corrector = Corrector(finished, self._edits, shown, self.held)
            names = [key.name for key in corrector.keys]
            if names != [key.name for key in self._keys]:
                gone = sorted({key.name for key in self._keys} - set(names))
                raise InputError(
                    f"{len(gone)} of the project's images cannot be read any more: "
                    f"{', '.join(gone[:3])}. Your edits are kept; run again to go on "
                    "with the others."
                )
            # Under the present edits, which include those the project has learned from.
            corrector.catch_up(progress)
            with self._handover:
                corrector.update(self._edits)
                self._awake = corrector
            return corrector

    @contextmanager
    def _waking_alone(self, progress: Progress) -> Iterator[None]:
        """Hold the lock of `wake`; waiting for another thread can be cancelled."""
        while not self._waking.acquire(timeout=_POLL):
            progress.raise_if_cancelled()
        try:
            yield
        finally:
            self._waking.release()

    def prepare(self, image: int, progress: Progress | None = None) -> None:
        """Prepare as `Corrector.prepare`, after waking."""
        corrector = self.wake(as_progress(progress))
        if corrector is not None:
            corrector.prepare(image, progress)

    def answer(self, image: int, progress: Progress | None = None) -> ImageResult:
        """Answer as `Corrector.answer`, after waking.

        Where the run cannot be repeated, that is the answer there was, edits laid over.
        """
        corrector = self.wake(as_progress(progress))
        if corrector is not None:
            return corrector.answer(image, progress)
        return lay_over_image(self._images[image], self._edits, self._keys[image])

    def settle(self, progress: Progress | None = None) -> Settled | None:
        """Settle as `Corrector.settle`, after waking; None where it cannot be repeated."""
        progress = as_progress(progress)
        corrector = self.wake(progress)
        return None if corrector is None else corrector.settle(progress)

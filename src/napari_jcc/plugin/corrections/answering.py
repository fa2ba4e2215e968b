"""Updates images after edits one by one, then the whole set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from qtpy.QtCore import QObject, Signal

from napari_jcc.interaction import Corrector, Edits, ReopenedCorrector, Settled
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.corrections.delivery import Answers, Delivery
from napari_jcc.plugin.navigation import current_place
from napari_jcc.plugin.shown import ShownResult
from napari_jcc.progress import Progress
from napari_jcc.results import ImageResult

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

Write: TypeAlias = Callable[[Answers, Edits | None], None]


class Answering(QObject):
    """Runs the tasks of a corrector; a new stroke interrupts them.

    One image is answered at a time, and no lesson of the whole set begins meanwhile. But an
    answer does not wait until the lesson that it interrupts has ended: the step at hand may
    take seconds.

    Parameters
    ----------
    session
        Runs the tasks, and has the statuses of images.
    shown
        The layers that are updated.
    corrector
        Computes the results; `update` is called before `ask`.
    write
        Called with answers, and the edits that they were found under; None: with the
        machine's own.
    is_ready
        Whether answers for the whole set may be written at this moment.

    Attributes
    ----------
    teaches
        Whether the whole set follows.
    is_stopped
        Whether nothing is worked at any more.
    began
        Signal with the stage at which an answer is.
    answered
        Signal with the place of an image that was answered alone.
    settled
        Signal with a `Settled` when the whole set has followed; None where it will not.
    failed
        Signal with a message.
    """

    began = Signal(str)
    answered = Signal(int)
    settled = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        shown: ShownResult,
        corrector: Corrector | ReopenedCorrector,
        write: Write,
        is_ready: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.teaches, self.is_stopped = True, False
        self._session, self._shown, self._corrector = session, shown, corrector
        self._write = write
        self._waiting: list[int] = []
        self._changed: set[int] = set()
        self._answer: Task | None = None
        self._lesson: Task | None = None
        self._place: int | None = None
        self._under = session.edits
        self._interrupted = self._again = False
        self._delivery = Delivery(self._on_part, is_ready, self)

    @property
    def waits(self) -> bool:
        """Whether an image is still to be answered."""
        return bool(self._waiting)

    def note(self, places: Iterable[int]) -> None:
        """Answer some images too when the next are asked for."""
        self._waiting += [place for place in places if place not in self._waiting]

    def ask(self, places: Iterable[int]) -> None:
        """Answer some images, then the whole set; what is under way starts anew."""
        self.note(places)
        edits, keys = self._session.edits, [self._corrector.keys[i] for i in self._waiting]
        self._session.set_statuses(
            {key: "edited" if edits.is_edited(key) else "machine" for key in keys}
        )
        if self.is_stopped or not self._waiting:
            return
        if self._lesson is not None:
            self._lesson.cancel()
        if self._answer is not None:
            self._interrupted = True
            self._answer.cancel()
        else:
            self._next()

    def settle(self) -> None:
        """Let the whole set follow, unless something is under way; then after it."""
        answer = self._shown.answer
        if self._answer is not None or answer is None or self.is_stopped:
            return
        if self._lesson is not None:
            self._again = self._lesson.cancelled
            return
        first = current_place(self._session.viewer, answer.placement) or 0
        work = partial(self._settle, answer.result.images, first)
        self._lesson = Task(work, "Teach the set")
        self._start(self._lesson, self._on_settled, self._on_lesson_ended)

    def stop(self) -> None:
        """Work no more."""
        self.is_stopped = True
        self._waiting.clear()
        for task in (self._answer, self._lesson):
            if task is not None:
                task.cancel()

    def _next(self) -> None:
        """Start what waits: single images first."""
        if self._waiting:
            self._place = place = self._waiting.pop(0)
            self._answer = Task(partial(self._corrector.answer, place), "Answer")
            self._interrupted = False
            self._answer.progress.signals.started.connect(self.began)
            on_success = partial(self._on_answer, place)
            self._start(self._answer, on_success, self._on_answer_ended)
        elif self.teaches:
            self.settle()

    def _settle(
        self, shown: Sequence[ImageResult], first: int, progress: Progress
    ) -> Settled | None:
        """Settle the set, and have those answers written that are not the ones shown."""
        settled = self._corrector.settle(progress)
        if settled is not None:
            self._changed.update(settled.changed)
            # Also those that differ by a few pixels: what is saved must be what is shown.
            self._delivery.send(shown, settled.result.images, first, progress)
        return settled

    def _start(self, task: Task, on_success: Any, on_end: Any) -> None:
        self._under = self._session.edits
        task.succeeded.connect(on_success)
        task.failed.connect(self.failed)
        task.ended.connect(on_end)
        self._session.jobs.run(task, owner=self)

    def _on_answer(self, place: int, found: ImageResult) -> None:
        self._place = None
        if not self.is_stopped:
            self._write({place: found}, self._under)
            self.answered.emit(place)

    def _on_part(self, part: Answers) -> None:
        if not self.is_stopped:
            self._write(part, self._under)
            self._flag(part)

    def _on_settled(self, settled: Settled | None) -> None:
        if not self.is_stopped:
            self._flag(() if settled is None else settled.changed)
            self.settled.emit(settled)

    def _flag(self, places: Iterable[int]) -> None:
        """Flag images that changed, now that it is shown; not those drawn on."""
        shown = self._changed.intersection(places)
        self._changed -= shown
        keys, others = self._corrector.keys, shown.difference(self._corrector.edited)
        self._session.set_statuses({keys[place]: "flagged" for place in others})

    def _on_answer_ended(self) -> None:
        self._answer = None
        if self.is_stopped:
            return
        place, self._place = self._place, None
        if place is not None and self._interrupted:
            # A cancelled task brings no answer; it was cancelled for another image.
            self.note([place])
        elif place is not None:
            # Cancelled by the user, or failed: what is drawn holds all the same.
            self._write({place: self._corrector.machine[place]}, None)
        self._next()

    def _on_lesson_ended(self) -> None:
        lesson, self._lesson = self._lesson, None
        again, self._again = self._again, False
        if self.is_stopped or self._answer is not None:
            return
        if self._waiting or again:
            self._next()
        elif lesson is not None and lesson.cancelled:
            self.settled.emit(None)

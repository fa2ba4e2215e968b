"""What the user draws on shown masks and boxes: kept as edits, answered, taught to all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_jcc.interaction import Corrector, Edits, Settled, lay_over_image
from napari_jcc.interaction.reopened import ReopenedCorrector
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.drawing.box_watch import BoxWatch
from napari_jcc.plugin.drawing.delivery import Answers, Delivery
from napari_jcc.plugin.drawing.mask_watch import MaskWatch
from napari_jcc.plugin.drawing.readiness import Readiness
from napari_jcc.plugin.navigation import current_place
from napari_jcc.plugin.shown import ShownResult
from napari_jcc.progress import Progress
from napari_jcc.results import ImageResult

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_LEFT_OUT = (
    "This image was left out of the run, so what is painted on it is not taken over. "
    "Repair the image (its name and the reason are in the dock) and run again."
)
_AT_ONCE = 4_000_000
"""Pixels of an image that edits are laid over in the window's own thread."""


class Corrections(QObject):
    """Watches the layers of one shown result.

    A stroke on the masks, napari's undo and redo, and boxes moved, drawn or deleted all
    become entries of the session's edits. The image in question is answered first, then
    the whole set follows; masks that changed are written into the layers, drawn pixels
    always as they were drawn.

    Parameters
    ----------
    session
        Holds the edits and runs the work.
    shown
        The layers, complete.
    corrector
        Of the run whose result they show, or of a project that was opened.
    masks
        What the mask layer shows where nothing was drawn, if it is at hand.

    Attributes
    ----------
    answered
        Signal with the place of an image that was answered alone.
    settled
        Signal with a `Settled` when the whole set has followed.
    failed
        Signal with a message.
    """

    answered = Signal(int)
    settled = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        shown: ShownResult,
        corrector: Corrector | ReopenedCorrector,
        parent: QObject,
        masks: NDArray[Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self.teaches = True
        self._session = session
        self._shown = shown
        self._corrector = corrector
        self._waiting: list[int] = []
        self._held: Answers = {}
        self._changed: set[int] = set()
        self._task: Task | None = None
        self._answering: int | None = None
        self._under = session.edits
        self._held_back = self._stopped = self._interrupted = False
        self._watch = MaskWatch(session, shown, corrector, self, masks)
        self._watch.drawn.connect(self._react)
        self._boxes = BoxWatch(session, shown, corrector, self)
        self._boxes.placed.connect(self._on_boxes)
        self._delivery = Delivery(self._on_part, lambda: not self.brush_is_down, self)
        self._readiness = Readiness(
            session, shown.masks, corrector, self.current_place, self
        )
        session.viewer.layers.events.removing.connect(self._on_removing)

    @property
    def brush_is_down(self) -> bool:
        """Whether a stroke or a box is under way, into which nothing should be written."""
        return self._watch.brush_is_down or self._boxes.is_down

    def absorb(self, places: Collection[int] | None = None) -> None:
        """Journal what was drawn anywhere or on some images, without answering it yet."""
        if self._stopped:
            return  # the layers may show another result by now
        self._watch.take_all(places)
        self._boxes.take()
        # Else taking it back would look to the corrector as if nothing had happened.
        edited = self._corrector.update(self._session.edits)
        self._waiting += [place for place in edited if place not in self._waiting]

    def undo(self) -> None:
        """Undo the last edit and answer anew."""
        self.apply(self._session.edits.undo())

    def redo(self) -> None:
        """Redo what was undone last."""
        self.apply(self._session.edits.redo())

    def clear(self, place: int) -> None:
        """Take back everything drawn on an image; that can be undone."""
        self.apply(self._session.edits.clear(self._corrector.keys[place]))

    def apply(self, edits: Edits) -> None:
        """Make other edits hold and answer the images where they differ."""
        self._session.set_edits(edits)
        if self._held_back:
            return
        places = self._corrector.update(edits)
        # What is drawn shows at once; large images wait for their answer, as this does.
        machine = {place: self._corrector.machine[place] for place in places}
        self._write({i: own for i, own in machine.items() if own.mask.size <= _AT_ONCE})
        self._ask(places)

    def settle(self) -> None:
        """Let the whole set follow now."""
        self.absorb()
        self._corrector.update(self._session.edits)
        self._start_settling()

    def hold_back(self) -> None:
        """Work no more, as another result comes in, but take over what is drawn."""
        self.absorb()
        self._held_back = True
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        """Stop watching and working; what was drawn until now is taken over."""
        self.hold_back()
        self._stopped = True
        self._watch.stop()
        self._boxes.stop()
        self._readiness.stop()
        self._session.viewer.layers.events.removing.disconnect(self._on_removing)

    def current_place(self) -> int | None:
        """Place of the image in view; None where the slider is at none."""
        if self._shown.answer is None:
            return None
        return current_place(self._session.viewer, self._shown.answer.placement)

    def _react(self, painted: bool) -> None:
        place, answer = self.current_place(), self._shown.answer
        if answer is None or self._stopped:
            return
        if place is not None:
            before = self._session.edits
            self._watch.take(answer.placement.slots[place], painted=painted)
            if self._session.edits != before:
                self._ask(self._corrector.update(self._session.edits))
        elif painted:
            self._watch.tell(_LEFT_OUT)
        self._write({})

    def _on_removing(self, event: Any) -> None:
        """Take over what was drawn in this turn, as when a script closes the viewer."""
        if event.source[event.index] in (self._shown.masks, self._shown.boxes):
            self.absorb()

    def _on_boxes(self) -> None:
        before = self._session.edits
        self._boxes.take()
        if self._session.edits != before or self._waiting:
            self._ask(self._corrector.update(self._session.edits))
        self._write({})

    def _ask(self, places: Iterable[int]) -> None:
        """Answer some images, then the whole set; what is under way starts anew."""
        self._waiting += [place for place in places if place not in self._waiting]
        for place in self._waiting:
            self._session.set_status(self._name(place), "edited")
        if self._held_back:
            return
        if self._task is not None and self._waiting:
            self._interrupted = True
            self._task.cancel()
        elif self._waiting:
            self._next()

    def _next(self) -> None:
        """Start what waits: single images first."""
        if self._waiting:
            place = self._waiting.pop(0)
            task = Task(partial(self._corrector.answer, place), "Answer")
            self._start(task, partial(self._on_answer, place))
            self._answering = place
        elif self.teaches:
            self._start_settling()

    def _start_settling(self) -> None:
        answer = self._shown.answer
        if self._task is None and answer is not None and not self._held_back:
            first = self.current_place() or 0
            work = partial(self._settle, answer.result.images, first)
            self._start(Task(work, "Teach the set"), self._on_settled)

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

    def _start(self, task: Task, on_success: Any) -> None:
        self._task, self._interrupted, self._under = task, False, self._session.edits
        task.succeeded.connect(on_success)
        task.failed.connect(self.failed)
        task.ended.connect(partial(self._on_ended, task.title == "Answer"))
        self._session.run(task, owner=self)

    def _on_answer(self, place: int, found: ImageResult) -> None:
        self._answering = None
        if not self._held_back:
            self._write({place: found}, self._under)
            self.answered.emit(place)

    def _on_part(self, part: Answers) -> None:
        if not self._held_back:
            self._write(part, self._under)
            self._flag(part)

    def _on_settled(self, settled: Settled | None) -> None:
        if settled is None or self._held_back:
            return
        self._flag(settled.changed)
        self._readiness.renew()
        self.settled.emit(settled)

    def _flag(self, places: Iterable[int]) -> None:
        """Flag images that changed, now that it is shown; not those drawn on."""
        shown = self._changed.intersection(places)
        self._changed -= shown
        statuses = dict(self._session.statuses)
        for place in shown.difference(self._corrector.edited):
            statuses[self._name(place)] = "flagged"
        if shown:
            self._session.set_statuses(statuses)

    def _on_ended(self, answered: bool) -> None:
        self._task = None
        if self._held_back:
            return
        place, self._answering = self._answering, None
        if place is not None and self._interrupted:
            # A cancelled task brings no answer; it was cancelled for another image.
            self._waiting += [place] if place not in self._waiting else []
        elif place is not None:
            # Cancelled by the user, or failed: what is drawn holds all the same.
            self._write({place: self._corrector.machine[place]})
        if self._waiting or answered:
            self._next()

    def _write(self, images: Answers, under: Edits | None = None) -> None:
        """Put answers into the layers, laid over with what was drawn beyond `under`."""
        under = None if self._held else under
        self._held.update(images)
        if self.brush_is_down or self._held_back or not self._held:
            return  # after a stroke, not into it
        images, self._held = self._held, {}
        self.absorb(images)  # the others are not touched
        keys, edits = self._corrector.keys, self._session.edits
        if edits is not under:
            images = {i: lay_over_image(own, edits, keys[i]) for i, own in images.items()}
        self._watch.writing = self._boxes.writing = True
        try:
            self._shown.write(images)
        finally:
            self._watch.writing = self._boxes.writing = False
        self._watch.remember(images)
        self._session.shown_changed.emit()

    def _name(self, place: int) -> str:
        return self._corrector.keys[place].name

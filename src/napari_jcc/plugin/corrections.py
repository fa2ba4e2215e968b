"""What the user draws on shown masks and boxes: kept as edits, answered, taught to all."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning
from qtpy.QtCore import QObject, QTimer, Signal

from napari_jcc.errors import InputError
from napari_jcc.interaction import (
    BACKGROUND,
    OBJECT,
    Corrector,
    Edits,
    Settled,
    lay_over_image,
)
from napari_jcc.plugin.drawn import find_drawn_boxes, history_step
from napari_jcc.plugin.layers import mask_stack
from napari_jcc.plugin.navigation import current_place
from napari_jcc.plugin.reopened import ReopenedCorrector
from napari_jcc.plugin.shown import ShownResult
from napari_jcc.plugin.worker import Task
from napari_jcc.progress import Progress
from napari_jcc.results import ImageResult

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_LEFT_OUT = (
    "This image was left out of the run, so what is painted on it is not taken over. "
    "Repair the image (its name and the reason are in the dock) and run again."
)

_BOX_PAUSE = 150
"""Milliseconds without a change after which a moved box counts as placed."""


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
    ) -> None:
        super().__init__(parent)
        self.teaches = True
        self._session = session
        self._shown = shown
        self._corrector = corrector
        self._waiting: list[int] = []
        self._task: Task | None = None
        self._writing = False
        self._stopped = self._interrupted = False
        self._told: set[str] = set()
        # napari tells of a stroke before the pixels are set.
        self._paint_timer = QTimer(self)
        self._paint_timer.setSingleShot(True)
        self._paint_timer.timeout.connect(partial(self._react, painted=True))
        self._box_timer = QTimer(self)
        self._box_timer.setSingleShot(True)
        self._box_timer.timeout.connect(self._on_boxes)
        # Also disconnected from when the user has taken them out of the viewer.
        self._masks, self._boxes = shown.masks, shown.boxes
        self._labels = None
        if shown.answer is not None:
            # Not the layer's data: a stroke since it was written must be found.
            self._labels = mask_stack(shown.answer.result, shown.answer.placement)
        self._connect()

    @property
    def busy(self) -> bool:
        """Whether an answer is being worked out."""
        return self._task is not None

    def absorb(self) -> None:
        """Journal what was drawn anywhere, also by scripts, without answering it yet."""
        if self._stopped:
            return  # the layers may show another result by now
        for slot in self._changed_slots():
            self._take_masks(slot, painted=True)
        self._take_boxes()
        # Else taking it back would look to the corrector as if nothing had happened.
        places = self._corrector.update(self._session.edits)
        self._waiting += [place for place in places if place not in self._waiting]

    def undo(self, place: int | None = None) -> None:
        """Undo the last edit, of one image or of all, and answer anew."""
        key = None if place is None else self._corrector.keys[place]
        self.apply(self._session.edits.undo(key))

    def redo(self, place: int | None = None) -> None:
        """Redo what was undone last."""
        key = None if place is None else self._corrector.keys[place]
        self.apply(self._session.edits.redo(key))

    def clear(self, place: int) -> None:
        """Take back everything drawn on an image; that can be undone."""
        self.apply(self._session.edits.clear(self._corrector.keys[place]))

    def apply(self, edits: Edits) -> None:
        """Make other edits hold and answer the images where they differ."""
        self._session.set_edits(edits)
        places = self._corrector.update(edits)
        # What is drawn shows at once, also when the answer is then cancelled.
        self._write({place: self._corrector.machine[place] for place in places})
        self._ask(places)

    def settle(self) -> None:
        """Let the whole set follow now."""
        self.absorb()
        self._corrector.update(self._session.edits)
        self._start_settling()

    def stop(self) -> None:
        """Stop watching and working; what was drawn until now is taken over."""
        self.absorb()
        self._stopped = True
        self._disconnect()
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def current_place(self) -> int | None:
        """Place of the image in view; None where the slider is at none."""
        answer = self._shown.answer
        if answer is None:
            return None
        return current_place(self._session.viewer, answer.placement)

    def _connect(self) -> None:
        if self._masks is not None:
            self._masks.events.paint.connect(self._on_paint)
            self._masks.events.set_data.connect(self._on_redrawn)
        if self._boxes is not None:
            self._boxes.events.data.connect(self._on_box_moved)

    def _disconnect(self) -> None:
        if self._masks is not None:
            self._masks.events.paint.disconnect(self._on_paint)
            self._masks.events.set_data.disconnect(self._on_redrawn)
        if self._boxes is not None:
            self._boxes.events.data.disconnect(self._on_box_moved)
        self._paint_timer.stop()
        self._box_timer.stop()

    def _on_paint(self, event: Any) -> None:
        if not self._writing:
            self._paint_timer.start(0)

    def _on_redrawn(self, event: Any) -> None:
        # Also sent when the slider moves; then nothing differs.
        self._react(painted=self._paint_timer.isActive())

    def _react(self, *, painted: bool) -> None:
        if self._writing or self._labels is None:
            return
        place = self.current_place()
        if self._shown.answer is None:
            return
        if place is None:
            if painted:
                self._tell(_LEFT_OUT)
            return
        before = self._session.edits
        self._take_masks(self._shown.answer.placement.slots[place], painted=painted)
        if self._session.edits != before:
            self._ask(self._corrector.update(self._session.edits))

    def _on_box_moved(self, event: Any) -> None:
        if not self._writing:
            self._box_timer.start(_BOX_PAUSE)

    def _on_boxes(self) -> None:
        before = self._session.edits
        self._take_boxes()
        if self._session.edits != before:
            self._ask(self._corrector.update(self._session.edits))

    def _changed_slots(self) -> list[int]:
        """Slices of the mask layer that differ from what was last seen."""
        shown, masks = self._shown.answer, self._shown.masks
        if shown is None or masks is None or self._labels is None:
            return []
        data = self._slices(masks.data)
        if data is None:
            return []
        known = self._slices(self._labels)
        return [s for s in shown.placement.slots if not np.array_equal(data[s], known[s])]

    def _slices(self, stack: Any) -> Any:
        """Return a stack by slice; None where the layer got data of another shape."""
        if self._shown.answer is None or self._labels is None:
            return None
        placement = self._shown.answer.placement
        if tuple(stack.shape) != placement.shape:
            if stack.shape != self._labels.shape:
                self._tell(
                    f"The mask layer now has the shape {tuple(stack.shape)} in place of "
                    f"{placement.shape}, so what is drawn on it belongs to no image. "
                    "Corrections made before are kept. Remove the layer and press Run to "
                    "get them back."
                )
            return None
        return np.asarray(stack).reshape(placement.slices, *placement.canvas)

    def _take_masks(self, slot: int, *, painted: bool) -> None:
        """Journal what differs on one slice."""
        answer, masks = self._shown.answer, self._shown.masks
        data = None if masks is None else self._slices(masks.data)
        if answer is None or data is None:
            return
        place = answer.placement.slots.index(slot)
        rows, columns = answer.result.images[place].mask.shape
        known = self._slices(self._labels)[slot]
        now, before = data[slot, :rows, :columns], known[:rows, :columns]
        differs = now != before
        if not differs.any():
            return
        key, edits = self._corrector.keys[place], self._session.edits
        step = None if painted else history_step(edits, key, differs)
        if step is None:
            marks = edits.marks(key, (rows, columns))
            marks[differs] = np.where(now[differs] != 0, OBJECT, BACKGROUND)
            step = edits.draw(key, marks)
        known[:] = data[slot]
        self._session.set_edits(step)

    def _take_boxes(self) -> None:
        """Journal boxes that were moved, drawn or deleted."""
        answer, boxes = self._shown.answer, self._shown.boxes
        if answer is None or boxes is None or not self._shown.boxes_are_single:
            return
        edits = self._session.edits
        drawn = find_drawn_boxes(boxes.data, self._shown.rectangles, answer.placement)
        for place, box in drawn.items():
            rows, columns = answer.result.images[place].mask.shape
            try:
                edits = edits.fix_box(self._corrector.keys[place], (rows, columns), box)
            except InputError as error:
                show_warning(f"The box was not taken over. {error}")
        self._shown.remember_rectangles()
        self._session.set_edits(edits)

    def _ask(self, places: Iterable[int]) -> None:
        """Answer some images, then the whole set; what is under way starts anew."""
        self._waiting += [place for place in places if place not in self._waiting]
        for place in self._waiting:
            self._session.set_status(self._name(place), "edited")
        if self._task is not None and self._waiting:
            self._interrupted = True
            self._task.cancel()
        elif self._waiting:
            self._next()

    def _next(self) -> None:
        """Start what waits: single images first."""
        if self._waiting:
            place = self._waiting.pop(0)
            task = Task(partial(self._answer, place), "Answer")
            self._start(task, partial(self._on_answer, place))
        elif self.teaches:
            self._start_settling()

    def _answer(self, place: int, progress: Progress) -> ImageResult:
        if isinstance(self._corrector, ReopenedCorrector):
            return self._corrector.answer(place, progress)
        return self._corrector.answer(place)

    def _start_settling(self) -> None:
        if self._task is None:
            self._start(Task(self._corrector.settle, "Teach the set"), self._on_settled)

    def _start(self, task: Task, on_success: Any) -> None:
        self._task, self._interrupted = task, False
        task.succeeded.connect(on_success)
        task.failed.connect(self.failed)
        task.ended.connect(partial(self._on_ended, task.title == "Answer"))
        self._session.run(task, owner=self)

    def _on_answer(self, place: int, found: ImageResult | None) -> None:
        if found is None:
            if self._interrupted and place not in self._waiting:
                self._waiting.append(place)  # given up for another image, not by the user
        elif not self._stopped:
            self._write({place: found})
            self.answered.emit(place)

    def _on_settled(self, settled: Settled | None) -> None:
        if settled is None or self._stopped:
            return
        edited = set(self._corrector.edited)
        changed = settled.result.images
        self._write({i: changed[i] for i in settled.changed})
        for place in settled.changed:
            if place not in edited:
                self._session.set_status(self._name(place), "flagged")
        self.settled.emit(settled)

    def _on_ended(self, answered: bool) -> None:
        self._task = None
        if (self._waiting or answered) and not self._stopped:
            self._next()

    def _write(self, images: dict[int, ImageResult]) -> None:
        """Put new answers into the layers, with what has been drawn since laid over."""
        self.absorb()
        keys, edits = self._corrector.keys, self._session.edits
        images = {i: lay_over_image(found, edits, keys[i]) for i, found in images.items()}
        self._writing = True
        try:
            self._shown.write(images)
        finally:
            self._writing = False
        masks, answer = self._shown.masks, self._shown.answer
        data = None if masks is None else self._slices(masks.data)
        if data is not None and answer is not None:
            slots = [answer.placement.slots[place] for place in images]
            self._slices(self._labels)[slots] = data[slots]
        self._session.shown_changed.emit()

    def _tell(self, message: str) -> None:
        """Warn once of what is drawn in vain."""
        if message not in self._told:
            self._told.add(message)
            show_warning(message)

    def _name(self, place: int) -> str:
        return self._corrector.keys[place].name

"""Watches a mask layer, and turns what was drawn on it into edits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_jcc._types import MaskArray
from napari_jcc.interaction import (
    BACKGROUND,
    OBJECT,
    Corrector,
    Edits,
    ImageKey,
    ReopenedCorrector,
    tell_apart,
)
from napari_jcc.plugin.corrections.detection import history_step
from napari_jcc.plugin.corrections.fills import Region, RegionTrail
from napari_jcc.plugin.corrections.strokes import BrushTrail, Stroke
from napari_jcc.plugin.layers import mask_stack
from napari_jcc.plugin.notices import name_controls
from napari_jcc.plugin.shown import Answer, ShownResult
from napari_jcc.regions import mask_extent
from napari_jcc.results import ImageResult

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_ONE_OBJECT = (
    "These masks have one object an image, so what you drew with another label belongs to "
    "it. To number several, choose the preset many (Many small objects), or another number "
    "than 1 at boxes.objects, and run."
)


class MaskWatch(QObject):
    """Compares the masks with those seen last, and records differences as edits.

    Parameters
    ----------
    session
        Holds the edits.
    shown
        The layers, complete.
    corrector
        Knows the images by their keys.
    masks
        The masks as the answer has them, of the layer's shape; None: made here, which
        takes its time for large images.

    Attributes
    ----------
    drawn
        Signal when something may have been drawn; whether a brush was at work.
    """

    drawn = Signal(bool)

    def __init__(
        self,
        session: Session,
        shown: ShownResult,
        corrector: Corrector | ReopenedCorrector,
        parent: QObject,
        masks: NDArray[Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self.writing = False
        self._session, self._shown, self._corrector = session, shown, corrector
        self._shown_messages: set[str] = set()
        self._passed: list[Stroke | Region] = []
        self._under_brush: tuple[int, int, int, int] | None = None
        # Not the layer's data: a stroke since it was written must be found.
        self._known = masks
        if masks is None and shown.answer is not None:
            self._known = mask_stack(shown.answer.result, shown.answer.placement)
        # napari tells of a stroke before the pixels are set.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(partial(self.drawn.emit, True))
        # Also disconnected from when the user has taken it out of the viewer.
        self._layer = shown.masks
        self._brush = self._filled = None
        if self._layer is not None:
            self._brush = BrushTrail(self._layer, self._on_paint)
            self._filled = RegionTrail(self._layer, self._on_paint)
            self._layer.events.paint.connect(self._on_paint)
            self._layer.events.set_data.connect(self._on_redrawn)

    @property
    def brush_is_down(self) -> bool:
        """Whether a stroke is under way, which is journalled as one when it ends."""
        # A layer that was removed under the brush is told of no release.
        is_there = self._shown.masks is self._layer
        return is_there and self._brush is not None and self._brush.is_down

    def stop(self) -> None:
        """Watch no longer."""
        if self._layer is not None:
            self._layer.events.paint.disconnect(self._on_paint)
            self._layer.events.set_data.disconnect(self._on_redrawn)
        for trail in (self._brush, self._filled):
            if trail is not None:
                trail.stop()
        self._timer.stop()
        self._known = None

    def take_all(self, places: Collection[int] | None = None) -> None:
        """Journal what was drawn on any slice, or on those of some images, by whatever."""
        for slot in self._changed_slots(places):
            # napari also takes back strokes on slices that are not in view.
            self.take(slot, painted=self._is_passed(slot))

    def take(self, slot: int, *, painted: bool) -> None:
        """Journal what was drawn on one slice.

        Parameters
        ----------
        slot
            The slice.
        painted
            Whether a brush was at work; else it may be that napari took back a stroke.
        """
        answer, masks = self._shown.answer, self._shown.masks
        data = None if masks is None else self._slices(masks.data)
        if answer is None or data is None:
            return
        place = answer.placement.slots.index(slot)
        rows, columns = answer.result.images[place].mask.shape
        known = self._slices(self._known)[slot]
        now, before = data[slot, :rows, :columns], known[:rows, :columns]
        differs = now != before
        touched = differs | self._confirmed(slot, now)
        if not touched.any():
            return
        key, session = self._corrector.keys[place], self._session
        step = None
        if not painted:
            step = history_step(session.edits, key, differs, session.visible)
        if step is None:
            step = self._draw(key, (before, now), touched, answer.result.images[place])
            self._note_brush(slot, touched, now)
        known[:] = data[slot]
        session.set_edits(step)

    def _draw(
        self,
        key: ImageKey,
        labels: tuple[NDArray[Any], NDArray[Any]],
        touched: MaskArray,
        image: ImageResult,
    ) -> Edits:
        """Return the session's edits, and what was drawn on an image as another one."""
        edits = self._session.edits
        before, now = labels
        window = mask_extent(touched)  # a stroke touches little of a large image
        marks = edits.marks(key, now.shape)
        drawn = np.where(now[window] != 0, np.uint8(OBJECT), np.uint8(BACKGROUND))
        np.copyto(marks[window], drawn, where=touched[window])
        numbers = None
        if image.instances is not None:
            numbers = tell_apart(before, now, touched, edits.numbers(key, now.shape))
            if numbers is not None:
                marks[numbers > 0] = OBJECT
        elif (touched[window] & (now[window] > 1)).any():
            self.tell(_ONE_OBJECT)
        step = edits.draw(key, marks, numbers)
        if step is not edits:
            visible = int(np.count_nonzero(before[window] != now[window]))
            self._session.visible[step.entries[-1]] = visible
        return step

    def remember(self, places: Iterable[int]) -> None:
        """Take the masks of some images, as they now are in the layer, for known."""
        masks, answer = self._shown.masks, self._shown.answer
        data = None if masks is None else self._slices(masks.data)
        if data is not None and answer is not None:
            known = self._slices(self._known)
            self._follow_number(data)
            for place in places:
                slot = answer.placement.slots[place]
                known[slot] = data[slot]

    def _note_brush(self, slot: int, touched: MaskArray, now: NDArray[Any]) -> None:
        if self._layer is not None:
            label = int(self._layer.selected_label)
            rows, columns = mask_extent(touched)
            under = np.argwhere(touched[rows, columns] & (now[rows, columns] == label))
            under += [rows.start, columns.start]
            self._under_brush = (label, slot, *under[0]) if len(under) else None

    def _follow_number(self, data: NDArray[Any]) -> None:
        """Give the brush the number of what it drew, where another object has its own."""
        layer = self._layer
        if layer is None or self._under_brush is None:
            return
        label, slot, *pixel = self._under_brush
        number = int(data[(slot, *pixel)])
        if label == layer.selected_label and number:
            self._under_brush = (number, *self._under_brush[1:])
            layer.selected_label = number

    def tell(self, message: str) -> None:
        """Warn once of what is drawn in vain."""
        if message not in self._shown_messages:
            self._shown_messages.add(message)
            show_warning(name_controls(message))

    def _on_paint(self, event: Any = None) -> None:
        if not self.writing:
            self._timer.start(0)

    def _on_redrawn(self, event: Any) -> None:
        # Also sent when the slider moves; then nothing differs.
        if not (self.writing or self.brush_is_down):
            self.drawn.emit(self._timer.isActive())

    def _confirmed(self, slot: int, now: Any) -> MaskArray:
        """Pixels of a slice that a tool was used on since, and that look as painted."""
        found = np.zeros(now.shape, np.bool_)
        for passed in self._take_passed(slot):
            under = passed.under(now.shape)
            window = mask_extent(under)
            looks_so = (now[window] != 0) == (passed.label != 0)
            found[window] |= under[window] & looks_so
        return found

    def _take_passed(self, slot: int) -> Iterator[Stroke | Region]:
        self._gather()
        answer, passed = self._shown.answer, self._passed
        if answer is None:
            return
        index = answer.placement.index_of(slot)
        self._passed = [item for item in passed if item.index != index]
        yield from (item for item in passed if item.index == index)

    def _is_passed(self, slot: int) -> bool:
        answer = self._shown.answer
        index = None if answer is None else answer.placement.index_of(slot)
        return any(item.index == index for item in self._passed)

    def _gather(self) -> None:
        for trail in (self._brush, self._filled):
            if trail is not None:
                self._passed += trail.take()

    def _changed_slots(self, places: Collection[int] | None) -> list[int]:
        """Slices that differ from what was last seen, or that a tool was used on."""
        answer, masks = self._shown.answer, self._shown.masks
        data = None if masks is None else self._slices(masks.data)
        if answer is None or data is None:
            return []
        self._gather()
        passed = {item.index for item in self._passed}
        known = self._slices(self._known)
        slots = answer.placement.slots
        return [
            slot
            for slot in (slots if places is None else [slots[i] for i in places])
            if answer.placement.index_of(slot) in passed
            or not np.array_equal(data[slot], known[slot])
        ]

    def _slices(self, stack: Any) -> Any:
        """Return a stack by slice; None where the layer got data of another shape."""
        answer: Answer | None = self._shown.answer
        if answer is None or self._known is None:
            return None
        placement = answer.placement
        if tuple(stack.shape) != placement.shape:
            if stack.shape != self._known.shape:
                self.tell(
                    f"The mask layer now has the shape {tuple(stack.shape)} in place of "
                    f"{placement.shape}, so what is drawn on it belongs to no image. "
                    "Corrections made before are kept. Remove the layer and press Run to "
                    "get them back."
                )
            return None
        return np.asarray(stack).reshape(placement.slices, *placement.canvas)

"""Turns what the user draws on masks and boxes into edits, and has results updated."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_jcc.interaction import Corrector, Edits, ReopenedCorrector, lay_over_image
from napari_jcc.plugin.corrections.answering import Answering
from napari_jcc.plugin.corrections.box_watch import BoxWatch
from napari_jcc.plugin.corrections.delivery import Answers
from napari_jcc.plugin.corrections.mask_watch import MaskWatch
from napari_jcc.plugin.corrections.numbering import Numbering
from napari_jcc.plugin.corrections.readiness import Readiness
from napari_jcc.plugin.navigation import current_place
from napari_jcc.plugin.shown import Answer, ShownResult

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_LEFT_OUT = (
    "This image was left out of the run, so what is painted on it is not taken over. "
    "Repair the image (its name and the reason are in the dock) and run again."
)
_OUTSIDE = (
    "What you painted outside the image was taken away again: images of this set differ in "
    "size, and what lies beside a smaller one belongs to none."
)
_AT_ONCE = 4_000_000
"""Largest image, in pixels, over which edits are laid in the GUI thread."""


class CorrectionController(QObject):
    """Watches the layers of one shown result.

    Strokes on the masks, napari's undo and redo, and boxes moved, drawn or deleted become
    edits of the session. The edited image is updated first, then the whole set. Changed
    masks are written into the layers; pixels that were drawn stay as drawn.

    Parameters
    ----------
    session
        Has the edits and runs tasks.
    shown
        The layers, complete.
    corrector
        Of the run whose result is shown, or of an opened project.
    masks
        Content of the mask layer before any edits, if known.

    Attributes
    ----------
    answering
        Runs the tasks; has their signals.
    """

    def __init__(
        self,
        session: Session,
        shown: ShownResult,
        corrector: Corrector | ReopenedCorrector,
        masks: NDArray[Any] | None = None,
    ) -> None:
        # No parent: it would keep the run and its masks alive after the next run.
        super().__init__()
        self._session = session
        self._shown = shown
        self._corrector = corrector
        self._held: Answers = {}
        self._stopped = False
        self._watch = MaskWatch(session, shown, corrector, self, masks)
        self._watch.drawn.connect(self._react)
        self._boxes = BoxWatch(session, shown, corrector, self)
        self._boxes.placed.connect(self._on_boxes)
        self._numbering = Numbering(shown)
        self._readiness = Readiness(
            session, shown.masks, corrector, self.current_place, self
        )
        self.answering = Answering(
            session, shown, corrector, self._write, lambda: not self.brush_is_down, self
        )
        self.answering.settled.connect(self._readiness.renew)
        session.viewer.layers.events.removing.connect(self._on_removing)

    @property
    def brush_is_down(self) -> bool:
        """Whether a stroke or box is being drawn, so that nothing may be written."""
        return self._watch.brush_is_down or self._boxes.is_down

    @property
    def is_asleep(self) -> bool:
        """Whether the next answer first repeats the run, as the result was opened."""
        corrector = self._corrector
        return isinstance(corrector, ReopenedCorrector) and corrector.is_asleep

    def absorb(self, places: Collection[int] | None = None) -> None:
        """Add what was drawn, on all or some images, to the edits; update no results."""
        if self._stopped:
            return  # the layers may show another result by now
        self._watch.take_all(places)
        self._boxes.take()
        # The corrector must know these edits to see that undoing them is a change.
        self.answering.note(self._corrector.update(self._session.edits))

    def undo(self) -> None:
        """Undo the last edit and update its image."""
        self._absorb_drawn()
        self.apply(self._session.edits.undo(*self._corrector.keys))

    def redo(self) -> None:
        """Redo the edit that was undone last, and update its image."""
        self._absorb_drawn()
        self.apply(self._session.edits.redo(*self._corrector.keys))

    def clear(self, place: int) -> None:
        """Remove all edits of an image; this can be undone."""
        self.absorb([place])
        self.apply(self._session.edits.clear(self._corrector.keys[place]))

    def apply(self, edits: Edits) -> None:
        """Set the edits, and update the images where they have changed."""
        self._session.set_edits(edits)
        if self.answering.is_stopped:
            return
        places = self._corrector.update(edits)
        # Small images show their edits at once; large ones when their answer arrives.
        machine = {place: self._corrector.machine[place] for place in places}
        self._write({i: own for i, own in machine.items() if own.mask.size <= _AT_ONCE})
        self.answering.ask(places)

    def settle(self) -> None:
        """Update the whole set now."""
        self.absorb()
        self._corrector.update(self._session.edits)
        self.answering.settle()

    def hold_back(self) -> None:
        """Stop, as another result will be shown; edits made so far are kept."""
        self.absorb()
        self.answering.stop()

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

    def _absorb_drawn(self) -> None:
        """Add what napari took back or brought back on images that are not in view.

        Else the next entry would be taken for it, and turned round.
        """
        edits, keys = self._session.edits, self._corrector.keys
        drawn = {entry.key for entry in (*edits.entries, *edits.undone)}
        self.absorb([place for place, key in enumerate(keys) if key in drawn])

    def _react(self, painted: bool) -> None:
        place, answer = self.current_place(), self._shown.answer
        if answer is None or self._stopped:
            return
        if place is not None:
            before = self._session.edits
            self._wipe_outside(answer, place)
            self._watch.take(answer.placement.slots[place], painted=painted)
            if self._session.edits != before:
                self.answering.ask(self._corrector.update(self._session.edits))
        elif painted:
            self._watch.tell(_LEFT_OUT)
        self._write({})

    def _wipe_outside(self, answer: Answer, place: int) -> None:
        """Take away what was painted beside an image that is smaller than the layer."""
        masks, placement = self._shown.masks, answer.placement
        if masks is None or tuple(masks.data.shape) != placement.shape:
            return
        stack = masks.data.reshape(placement.slices, *placement.canvas)
        rows, columns = answer.result.images[place].mask.shape
        beside = stack[placement.slots[place]]
        below, right = beside[rows:], beside[:rows, columns:]
        if below.any() or right.any():
            below[...] = right[...] = 0
            self._watch.writing = True
            masks.refresh()
            self._watch.writing = False
            self._watch.tell(_OUTSIDE)

    def _on_removing(self, event: Any) -> None:
        """Take over what was drawn in this turn, as when a script closes the viewer."""
        if event.source[event.index] in (self._shown.masks, self._shown.boxes):
            self.absorb()

    def _on_boxes(self) -> None:
        before = self._session.edits
        self._boxes.take()
        if self._session.edits != before or self.answering.waits:
            self.answering.ask(self._corrector.update(self._session.edits))
        self._write({})

    def _write(self, images: Answers, under: Edits | None = None) -> None:
        """Put answers into the layers, laid over with what was drawn beyond `under`."""
        under = None if self._held else under
        self._held.update(images)
        if self.brush_is_down or self.answering.is_stopped or not self._held:
            return  # after a stroke, not into it
        images, self._held = self._held, {}
        self.absorb(images)  # the others are not touched
        keys, edits = self._corrector.keys, self._session.edits
        if edits is not under:
            images = {i: lay_over_image(own, edits, keys[i]) for i, own in images.items()}
        images = self._numbering.keep(images)
        self._watch.writing = self._boxes.writing = True
        try:
            self._shown.write(images)
        finally:
            self._watch.writing = self._boxes.writing = False
        self._watch.remember(images)
        self._session.shown_changed.emit()

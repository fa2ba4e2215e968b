"""What was corrected by hand, and how to take it back."""

from __future__ import annotations

import time

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_jcc.interaction import Settled
from napari_jcc.plugin.corrections.controller import CorrectionController
from napari_jcc.plugin.corrections.marks_overlay import MarksOverlay
from napari_jcc.plugin.session import Session
from napari_jcc.plugin.widgets.parts import in_column, in_row, push_button, wrapped
from napari_jcc.words import count_of

_STAY = "the others stay as they are."
_HINT = (
    "Paint or erase on the masks, or move a box: the image answers at once, the others "
    "follow. Painting over what is right holds it."
)
_HINT_SEVERAL = (
    "Paint or erase on the masks; another label is another object. The image answers at "
    "once, the others follow."
)
_HINT_UNTAUGHT = (
    "Paint or erase on the masks; another label is another object. With several objects "
    "an image the others only learn from it where Refinement is look."
)

_ASLEEP = (
    "Paint or erase on the masks, or move a box. The first correction repeats the run "
    "behind these masks, once; then images answer at once, and the others follow."
)

_MOMENT = 200
"""Milliseconds after an edit in which its count is not written, and no button changes. Both
draw the window anew, canvas and all, which would delay the answer."""


class CorrectionPanel(QWidget):
    """Says what was drawn and what became of it, over buttons to take it back."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._corrections: CorrectionController | None = None
        self._marks = MarksOverlay(session)
        self.summary = wrapped(_HINT)
        self.teach_box = QCheckBox("&Teach the set")
        self.teach_box.setChecked(True)
        self.teach_box.setToolTip(
            "After every correction all other images are solved again, with what the "
            "corrected ones have taught. Unticked: only the image at hand answers."
        )
        self.teach_box.toggled.connect(self._set_teaching)
        self.marks_box = QCheckBox("Show what &I drew")
        self.marks_box.setToolTip(
            "Colour the pixels that you drew or confirmed: object green, background red"
        )
        self.marks_box.toggled.connect(self._marks.set_visible)
        self._marks.gone.connect(lambda: self.marks_box.setChecked(False))
        self.undo_button = push_button("U&ndo", "Undo the last correction", self._undo)
        self.redo_button = push_button("Redo", "Redo what was undone last", self._redo)
        self.clear_button = push_button(
            "Clear ima&ge", "Take back everything drawn on the image in view", self._clear
        )
        self.moment = QTimer(self)
        self.moment.setSingleShot(True)
        self.moment.setInterval(_MOMENT)
        self.moment.timeout.connect(self._say_following)
        self._build()
        self._drawn_at = time.monotonic()
        session.edits_changed.connect(self._on_edits)
        self._show_what_can_be_done()

    def follow(self, corrections: CorrectionController) -> None:
        """Show and steer these corrections from now on."""
        self._corrections = corrections
        answering = corrections.answering
        answering.teaches = self.teach_box.isChecked()
        answering.began.connect(self._on_began)
        answering.settled.connect(self._on_settled)
        answering.failed.connect(self._say)
        count = self._count()
        self._say(f"{count}. {self._hint}" if count else self._hint)

    def leave(self) -> None:
        """Take the overlay away with the dock."""
        self._marks.set_visible(False)

    def _show_what_can_be_done(self) -> None:
        edits, keys = self._session.edits, set(self._session.keys)
        has_edits = any(entry.key in keys for entry in edits.entries)
        self.setVisible(self._corrections is not None)
        self.teach_box.setVisible(self._follow)
        self.undo_button.setEnabled(has_edits)
        self.redo_button.setEnabled(any(entry.key in keys for entry in edits.undone))
        self.clear_button.setEnabled(has_edits)
        self.marks_box.setEnabled(has_edits or self.marks_box.isChecked())

    @property
    def _follow(self) -> bool:
        """Whether corrections of an image teach the others."""
        shown = self._session.shown
        return shown is None or shown.corrections_teach

    @property
    def _hint(self) -> str:
        shown = self._session.shown
        if self._is_asleep and self._follow:
            return _ASLEEP
        if shown is None or shown.boxes_are_single:
            return _HINT
        return _HINT_SEVERAL if shown.corrections_teach else _HINT_UNTAUGHT

    @property
    def _is_asleep(self) -> bool:
        return self._corrections is not None and self._corrections.is_asleep

    def _count(self) -> str:
        count = len(self._session.edits.edited_places(self._session.keys))
        return f"{count_of(count, 'image')} corrected" if count else ""

    def _build(self) -> None:
        boxes = in_row(self.teach_box, self.marks_box)
        buttons = in_row(self.undo_button, self.redo_button, self.clear_button)
        in_column(self.summary, boxes, buttons, within=self)

    def _say(self, text: str) -> None:
        self.moment.stop()
        self._show_what_can_be_done()
        self.summary.setText(text)

    def _on_edits(self) -> None:
        self._drawn_at = time.monotonic()
        self.moment.start()

    def _on_began(self, stage: str) -> None:
        """Say what goes on where an answer takes as long as a run."""
        if self._is_asleep:
            self._say(f"{self._count()}; the run behind these masks is repeated: {stage}…")

    def _say_following(self) -> None:
        count = self._count()
        if not count:
            self._say(self._hint)
        elif self._is_asleep:
            self._say(f"{count}; the run behind these masks is repeated, once…")
        elif self._follow and self.teach_box.isChecked():
            self._say(f"{count}; the others follow…")
        else:
            self._say(f"{count}; {_STAY}")

    def _on_settled(self, settled: Settled | None) -> None:
        if not self._follow:
            return
        if settled is None:
            self._say(f"{self._count() or 'All taken back'}; {_STAY}")
            return
        masks = count_of(len(settled.changed), "mask")
        self._say(
            f"{self._count() or 'All taken back'}; {masks} of "
            f"{len(settled.result.images)} changed by more than a tenth, "
            f"{time.monotonic() - self._drawn_at:.1f} s after the correction."
        )

    def _set_teaching(self, wanted: bool) -> None:
        if self._corrections is not None:
            self._corrections.answering.teaches = wanted
            if wanted and self._count():
                self._corrections.settle()

    def _undo(self) -> None:
        if self._corrections is not None:
            self._corrections.undo()

    def _redo(self) -> None:
        if self._corrections is not None:
            self._corrections.redo()

    def _clear(self) -> None:
        if self._corrections is None:
            return
        place = self._corrections.current_place()
        if place is not None:
            self._corrections.clear(place)

"""What was corrected by hand, and how to take it back."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_jcc.interaction import Settled
from napari_jcc.plugin.corrections import Corrections
from napari_jcc.plugin.session import Session

_HINT = (
    "Paint or erase on the masks, or move, draw or delete a box: the image answers at "
    "once, the others follow."
)


class CorrectionPanel(QWidget):
    """Says what was drawn and what became of it, over buttons to take it back.

    Parameters
    ----------
    session
        Of the viewer.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._corrections: Corrections | None = None
        self.summary = QLabel(_HINT)
        self.summary.setWordWrap(True)
        self.teach_box = QCheckBox("&Teach the set")
        self.teach_box.setChecked(True)
        self.teach_box.setToolTip(
            "After every correction all other images are solved again, with what the "
            "corrected ones have taught. Unticked: only the image at hand answers."
        )
        self.teach_box.toggled.connect(self._set_teaching)
        self.undo_button = self._button("U&ndo", "Undo the last correction", self._undo)
        self.redo_button = self._button("Redo", "Redo what was undone last", self._redo)
        self.clear_button = self._button(
            "C&lear image", "Take back everything drawn on the image in view", self._clear
        )
        buttons = QHBoxLayout()
        for button in (self.undo_button, self.redo_button, self.clear_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.summary)
        layout.addWidget(self.teach_box)
        layout.addLayout(buttons)
        session.edits_changed.connect(self.refresh)
        self.refresh()

    def follow(self, corrections: Corrections) -> None:
        """Show and steer these corrections from now on."""
        self._corrections = corrections
        corrections.teaches = self.teach_box.isChecked()
        corrections.settled.connect(self._on_settled)
        corrections.failed.connect(self.summary.setText)
        self.refresh()
        count = len(self._session.edits.edited)
        corrected = "1 image" if count == 1 else f"{count} images"
        self.summary.setText(f"{corrected} corrected. {_HINT}" if count else _HINT)

    def refresh(self) -> None:
        """Show what there is to take back."""
        edits = self._session.edits
        self.setVisible(self._corrections is not None)
        self.undo_button.setEnabled(len(edits) > 0)
        self.redo_button.setEnabled(len(edits.undone) > 0)
        self.clear_button.setEnabled(len(edits) > 0)
        count = len(edits.edited)
        if count:
            corrected = "1 image corrected" if count == 1 else f"{count} images corrected"
            self.summary.setText(f"{corrected}; the others follow…")

    def _on_settled(self, settled: Settled) -> None:
        count = len(self._session.edits.edited)
        corrected = "1 image" if count == 1 else f"{count} images"
        followed = len(settled.changed)
        masks = "1 mask" if followed == 1 else f"{followed} masks"
        self.summary.setText(
            f"{corrected} corrected; {masks} of {len(settled.result.images)} changed with "
            f"it, in {settled.seconds:.1f} s."
        )

    def _set_teaching(self, wanted: bool) -> None:
        if self._corrections is not None:
            self._corrections.teaches = wanted
            if wanted and self._session.edits.edited:
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

    def _button(self, text: str, tooltip: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        button.clicked.connect(action)
        return button

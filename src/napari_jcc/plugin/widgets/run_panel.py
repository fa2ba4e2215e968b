"""Run, cancel, and how far it is."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_jcc.plugin.notices import name_controls
from napari_jcc.plugin.widgets.parts import in_column, push_button, wrapped
from napari_jcc.plugin.widgets.stage_bar import StageBar


class RunPanel(QWidget):
    """A button that runs or cancels, the progress of the stage, and a status line.

    Attributes
    ----------
    run_wanted, cancel_wanted
        Signals of the buttons.
    """

    run_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, run_text: str) -> None:
        super().__init__()
        self._has_keyboard = False
        self.run_button = QPushButton(run_text)
        self.run_button.setObjectName("jcc_run")
        self.run_button.setDefault(True)
        self.run_button.setMinimumHeight(34)
        self.run_button.clicked.connect(self.run_wanted)
        self.cancel_button = push_button(
            "Cancel", "Stop after the step at hand (Escape)", self.cancel_wanted
        )
        self.cancel_button.setMinimumHeight(34)
        self.bar = StageBar()
        self.bar.setAccessibleName("Progress")
        self.status = wrapped()
        parts = self.run_button, self.cancel_button, self.bar, self.status
        in_column(*parts, within=self)
        self.set_running(False)

    def set_colours(self, fill: str, text: str) -> None:
        """Make the run button stand out in two colours of the theme, as CSS writes them."""
        self.run_button.setStyleSheet(
            f"QPushButton:enabled {{ background: {fill}; color: {text}; "
            "font-weight: bold; }"
        )

    def set_running(self, running: bool) -> None:
        """Show the panel of a run in progress, or of none."""
        # The keyboard stays where it is: at the button, or on the canvas.
        at_button = self._has_keyboard or self.run_button.hasFocus()
        at_button = at_button or self.cancel_button.hasFocus()
        self._has_keyboard = False
        shown, hidden = self.run_button, self.cancel_button
        if running:
            shown, hidden = hidden, shown
        self.cancel_button.setEnabled(running)
        shown.show()
        if at_button:
            shown.setFocus(Qt.FocusReason.OtherFocusReason)
        hidden.hide()
        self.bar.setVisible(running)
        if running:
            self.bar.start_stage("Starting", 0)

    def set_cancelling(self) -> None:
        """Say that the run will stop at its next step."""
        self._has_keyboard = self._has_keyboard or self.cancel_button.hasFocus()
        self.cancel_button.setEnabled(False)  # which passes the keyboard on
        self.set_status("Cancelling: the step at hand is finished first…")

    def set_status(self, text: str) -> None:
        """Write the status line; empty hides it."""
        text = name_controls(text)
        if text == self.status.text():
            return
        self.status.setText(text)
        self.status.setToolTip(text)  # a low window cuts long ones
        self.status.setVisible(bool(text))

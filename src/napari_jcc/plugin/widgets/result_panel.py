"""What came out of a run, and what can be done with it."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QWidget,
)

from napari_jcc.plugin.widgets.parts import in_column, in_row, push_button

_MOST_LINES = 4


class ResultPanel(QWidget):
    """A summary over three buttons.

    Parameters
    ----------
    save_button, export_button
        Stand before that of this panel.

    Attributes
    ----------
    copy_wanted
        Signal when the command is wanted.
    """

    copy_wanted = Signal()

    def __init__(self, save_button: QPushButton, export_button: QPushButton) -> None:
        super().__init__()
        self.save_button, self.export_button = save_button, export_button
        self.about = _text_label()
        self.summary = _text_label()
        self.notes = _text_label()
        self._notes_area = LowScroll(self.notes)
        self.copy_button = push_button(
            "Copy co&mmand",
            "Copy the command that gives the same masks and boxes outside napari",
            self.copy_wanted,
        )
        buttons = in_row(save_button, export_button, self.copy_button)
        in_column(self.about, self.summary, self._notes_area, buttons, within=self)
        self.show_about("")
        self.show_result("", "")

    def show_about(self, name: str) -> None:
        """Say which images the result is of; empty where it is of those chosen."""
        self.about.setText(f"Result of {name}, not of the images chosen above:")
        self.about.setVisible(bool(name))

    def show_result(self, summary: str, notes: str) -> None:
        """Show a result in words; an empty summary is no result."""
        self.summary.setText(summary)
        self.summary.setVisible(bool(summary))
        self.notes.setText(f"⚠ {notes}" if notes else "")
        self._notes_area.setVisible(bool(notes))
        self._notes_area.fit()
        self.save_button.setEnabled(bool(summary))
        self.export_button.setEnabled(bool(summary))


class LowScroll(QScrollArea):
    """Shows a text as high as it is, and scrolls one that would squeeze all else.

    Parameters
    ----------
    label
        Has the text; wraps its lines.
    """

    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self._label = label
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(label)

    def fit(self) -> None:
        """Take the height of the text, but not more than that of some lines."""
        most = _MOST_LINES * self._label.fontMetrics().lineSpacing()
        needed = max(0, self._label.heightForWidth(self.width()))  # without text: -1
        # Set, as a bar that comes narrows the text, which then seems to need the bar.
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOn if needed > most else policy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(min(needed, most))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the text to another width."""
        super().resizeEvent(event)
        self.fit()


def _text_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label

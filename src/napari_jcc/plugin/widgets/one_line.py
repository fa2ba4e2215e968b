"""A text that never takes more than one line."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget


class OneLine(QLabel):
    """Cuts a text where there is no room for it; read out as a whole.

    Parameters
    ----------
    cut
        Where it is cut.
    parent
        Without one, a line that is shown by its owner opens as a window of its own.
    """

    def __init__(self, cut: Qt.TextElideMode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cut = cut
        self._text = self._rest = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, rest: str = "") -> None:
        """Show a text, and behind it a rest that is never cut."""
        self._text, self._rest = text, rest
        self.setAccessibleName(text + rest)
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Cut to another width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        room = self.width() - metrics.horizontalAdvance(self._rest)
        self.setText(metrics.elidedText(self._text, self._cut, room) + self._rest)

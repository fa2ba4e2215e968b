"""A frame round what the keyboard is at; napari's style shows none."""

from __future__ import annotations

from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QApplication, QWidget

_COLOUR = "#ff9f1c"
"""Seen on napari's dark and on its light theme."""

_WIDTH = 2  # pixels


class FocusMark(QObject):
    """Frames the control of a dock that was reached by a key, until the mouse is used."""

    def __init__(self, dock: QWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self._frame: _Frame | None = None
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)

    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if self._frame is not None:
            self._frame.destroyed.disconnect(self._on_gone)
            self._frame.deleteLater()
            self._frame = None
        if now is None or not self._dock.isAncestorOf(now):
            return
        window = now.window()
        by_key = Qt.WidgetAttribute.WA_KeyboardFocusChange
        if window is not None and window.testAttribute(by_key):
            self._frame = _Frame(now)
            # Goes with its control, which may go before it loses the focus.
            self._frame.destroyed.connect(self._on_gone)

    def _on_gone(self) -> None:
        self._frame = None


class _Frame(QWidget):
    """Lies over a control and lets everything through."""

    def __init__(self, control: QWidget) -> None:
        super().__init__(control)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(control.rect())
        self.show()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the frame."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(_COLOUR), _WIDTH))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

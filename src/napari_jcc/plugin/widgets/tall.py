"""A dock's content that may be higher than the window."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QWidget

_LEAST_HEIGHT = 120


class Squeezed(QWidget):
    """Content that gives up room down to what its parts need, and only then scrolls.

    A scroll area gives content with wrapped texts the height that it would like to have.
    """

    def heightForWidth(self, width: int) -> int:
        """Return the least height in pixels."""
        layout = self.layout()
        return -1 if layout is None else int(layout.minimumHeightForWidth(width))


class TallContent(QScrollArea):
    """Scrolls what has no room in the window, which would grow beyond the screen for it.

    Parameters
    ----------
    content
        With its layout.
    """

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Be as wide as the content when parts of it are shown that were hidden."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))

    def minimumSizeHint(self) -> QSize:
        """As wide as the content with a scroll bar, and low."""
        content, bar = self.widget(), self.verticalScrollBar()
        width = 0 if content is None else content.minimumSizeHint().width()
        beside = 0 if bar is None else bar.sizeHint().width()
        return QSize(width + beside + 2 * self.frameWidth(), _LEAST_HEIGHT)

"""A small figure in the colours of the window."""

from __future__ import annotations

from matplotlib import rc_context
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from qtpy.QtCore import QEvent, QSize, QTimer
from qtpy.QtGui import QPalette, QResizeEvent
from qtpy.QtWidgets import QSizePolicy

CURVE, MARK = "#00a8d6", "#ff9f1c"
"""Seen on dark and on light ground."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 18, 8, 36
"""Pixels beside the axes."""

_PAUSE, _TURN = 100, 10
"""Milliseconds in which changes are gathered before the figure is set up again, and until
it is drawn."""

TICKS = 4
"""Intervals of the upright axis, at most; most of the time to draw is that of its ticks."""


class Plot(FigureCanvasQTAgg):
    """A figure that is drawn again, soon, after `refresh` or a change of the theme.

    Subclasses draw in `draw_figure`, on a figure that is empty.
    """

    _timer: QTimer | None = None  # Qt tells of the palette before there is one.

    def __init__(self) -> None:
        super().__init__(Figure())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._redraw)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.figure.set_facecolor("none")
        self.setStyleSheet("background: transparent;")
        self.refresh()

    def sizeHint(self) -> QSize:
        """Low, so that it fits below a table or settings."""
        return QSize(300, 150)

    def minimumSizeHint(self) -> QSize:
        """Still readable in a small window."""
        return QSize(160, 90)

    def refresh(self) -> None:
        """Draw again soon."""
        if self._timer is not None and not self._timer.isActive():
            self._timer.start(_PAUSE)

    def draw_figure(self, figure: Figure) -> None:
        """Draw everything; the default draws nothing."""

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the room that ticks and titles take."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent | None) -> None:
        """Take over the colours of another theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self.refresh()

    def _fit(self) -> None:
        # A layout that measures its texts makes every drawing twice as slow.
        width, height = max(self.width(), 160), max(self.height(), 90)
        self.figure.subplots_adjust(
            left=_LEFT / width,
            right=1 - _RIGHT / width,
            bottom=_BOTTOM / height,
            top=1 - _TOP / height,
        )

    def _redraw(self) -> None:
        ink = self.palette().color(QPalette.ColorRole.WindowText).name()
        style = {
            "font.size": 7.5,
            "axes.facecolor": "none",
            "axes.spines.top": False,
            "axes.spines.right": False,
            **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), ink),
            **dict.fromkeys(("xtick.color", "ytick.color"), ink),
        }
        with rc_context(style):
            self.figure.clear()
            self._fit()
            self.draw_figure(self.figure)
        # In another turn: to set a figure up takes as long as to draw it.
        QTimer.singleShot(_TURN, self.draw_idle)

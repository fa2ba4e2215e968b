"""Work on widgets in small portions, one a turn of the event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from qtpy.QtCore import QObject, QTimer

Step = Callable[[], object]

_PAUSE = 5
"""Milliseconds between two steps, in which the window breathes."""


class Steps(QObject):
    """Takes steps one by one; for layers, each of which napari needs its time for.

    Parameters
    ----------
    parent
        Whose steps end with it.
    is_ready
        Whether a step may be taken at this moment.
    """

    def __init__(
        self, parent: QObject, is_ready: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(parent)
        self._is_ready = is_ready
        self._left: deque[Step] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._take)

    def __bool__(self) -> bool:
        return bool(self._left)

    def add(self, steps: Iterable[Step]) -> None:
        """Take further steps after those that are left; returns at once."""
        self._left += steps
        self._timer.start()

    def clear(self) -> None:
        """Take none of those that are left."""
        self._left.clear()

    def _take(self) -> None:
        if self._left and self._is_ready():
            self._left.popleft()()
        if not self._left:
            self._timer.stop()

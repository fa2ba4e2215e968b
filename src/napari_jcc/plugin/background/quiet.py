"""Work in the background that leaves the window to its user."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType

from qtpy.QtCore import QObject, QTimer

_BEAT = 0.05
"""Seconds between two looks whether the window is still."""

_STILL = 1.0
"""Seconds without a long turn of the event loop, after which the window is still."""

_BREATH = 0.001
"""Seconds of rest before every module that is loaded in the background."""


def when_still(call: Callable[[], None], parent: QObject) -> None:
    """Call something once the event loop had no long turn for a second.

    Parameters
    ----------
    call
        Called in the thread of the event loop.
    parent
        Nothing is called when it goes before.
    """
    timer = QTimer(parent)
    last = since = time.monotonic()

    def look() -> None:
        nonlocal last, since
        now = time.monotonic()
        if now - last > 2 * _BEAT:
            since = now
        last = now
        if now - since >= _STILL:
            timer.stop()
            timer.deleteLater()
            call()

    timer.timeout.connect(look)
    timer.start(round(1000 * _BEAT))


class _Breather(MetaPathFinder):
    """Finds no module, and lets one thread rest whenever it looks for one."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        """Rest."""
        if threading.get_ident() == self._thread:
            time.sleep(_BREATH)


@contextmanager
def breathing_imports() -> Iterator[None]:
    """Let go of the GIL between the modules that this thread loads.

    To load a library is work that never waits for anything: it takes half of the lock's
    time from whatever the window does meanwhile, for seconds.
    """
    breather = _Breather()
    sys.meta_path.insert(0, breather)
    try:
        yield
    finally:
        sys.meta_path.remove(breather)

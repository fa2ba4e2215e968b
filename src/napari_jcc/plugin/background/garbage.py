"""Python's collection of garbage, kept out of the way of the window."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_left = threading.Event()
_loading = 0
_usual = gc.get_threshold()


def let_go() -> None:
    """Let all garbage be found: a window was closed, which was kept as modules are."""
    _left.set()
    gc.unfreeze()


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Collect no garbage while modules are loaded, and never look through these later.

    Modules are no garbage, and to find that out stops all threads.
    """
    global _loading, _usual
    with _lock:
        if not _loading:
            # Not by gc.disable: napari's menus switch it on again.
            _usual = gc.get_threshold()
            gc.set_threshold(0)
        _loading += 1
    try:
        yield
    finally:
        with _lock:
            _loading -= 1
            # Modules stay for good. To look through them takes almost half a second.
            gc.freeze()
            if _left.is_set():
                gc.unfreeze()
            if not _loading:
                gc.set_threshold(*_usual)

"""Python's collection of garbage, kept out of the way of the window."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_freezes = True
_loading = 0
_usual = gc.get_threshold()


def let_go() -> None:
    """Look through everything again from now on: a window that closed may be among it."""
    global _freezes
    with _lock:
        _freezes = False
        gc.unfreeze()


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Collect no garbage while modules are loaded, and leave these out of later searches.

    A search stops all threads, and modules are never garbage.
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
            if _freezes:
                gc.freeze()  # to search all modules takes almost half a second
            if not _loading:
                gc.set_threshold(*_usual)

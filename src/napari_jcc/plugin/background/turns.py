"""How threads share the GIL while work is done beside the window."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERVAL = 0.0005
"""Seconds after which a working thread hands over the lock.

Qt lets go of it in every call and takes it again. At Python's own five milliseconds, what
makes forty calls for a click waits a fifth of a second for threads that are at work.
"""

_lock = threading.Lock()
_working = 0
_usual = sys.getswitchinterval()


@contextmanager
def short_turns() -> Iterator[None]:
    """Let no thread keep the lock for long, as long as any of the blocks is entered."""
    global _working, _usual
    with _lock:
        if not _working:
            _usual = sys.getswitchinterval()
            sys.setswitchinterval(min(INTERVAL, _usual))
        _working += 1
    try:
        yield
    finally:
        with _lock:
            _working -= 1
            if not _working:
                sys.setswitchinterval(_usual)


def is_working() -> bool:
    """Tell whether any such block is entered."""
    return bool(_working)

"""Calls in a subprocess, for native code that holds the GIL.

While a library holds it, no other thread of the process runs, and a window would freeze.
A subprocess has a GIL of its own, and can be killed on cancel.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Any, TypeVar

from loky import ProcessPoolExecutor

from napari_jcc.errors import Cancelled
from napari_jcc.progress import Progress

T = TypeVar("T")

_LOOK = 0.05
"""Seconds between looks at whether the call was cancelled."""

_KEPT = 60
"""Seconds for which a process without work is kept for the next call."""

_logger = logging.getLogger(__name__)
_idle: list[ProcessPoolExecutor] = []
_idle_lock = threading.Lock()


def in_background() -> bool:
    """Whether another thread, such as that of a window, may be waiting for the GIL."""
    return threading.current_thread() is not threading.main_thread()


def call_apart(function: Callable[..., T], *args: Any, progress: Progress | None) -> T:
    """Call a function in a subprocess; in this process where there is none, or it dies.

    Parameters
    ----------
    function
        Of a module, found by its name.
    args
        Anything that can be pickled.
    progress
        The process is ended when it is cancelled.

    Raises
    ------
    Cancelled
        If `progress` was cancelled.
    Exception
        Whatever the function raises.
    """
    # Inside other programs the executable is no Python.
    if not Path(sys.executable or "").stem.lower().startswith("python"):
        return function(*args)
    with _idle_lock:
        # One each, so that ending one call ends no other.
        executor = _idle.pop() if _idle else ProcessPoolExecutor(1, timeout=_KEPT)
    whole = True
    try:
        future: Future[T] = executor.submit(function, *args)
        return _wait(future, progress)
    except (Cancelled, BrokenExecutor, OSError) as error:
        whole = False
        executor.shutdown(wait=False, kill_workers=True)
        if isinstance(error, Cancelled):
            raise
        _logger.warning("%s runs in this process: %s", function.__name__, error)
        return function(*args)
    finally:
        if whole:
            with _idle_lock:
                _idle.append(executor)


def _wait(future: Future[T], progress: Progress | None) -> T:
    while True:
        try:
            return future.result(timeout=_LOOK)
        except TimeoutError:
            if progress is not None:
                progress.raise_if_cancelled()

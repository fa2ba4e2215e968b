"""Libraries loaded in the background, so that no first use of them holds the window up."""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qtpy.QtWidgets import QApplication

from napari_jcc.plugin.turns import short_turns

_DRAWS = "matplotlib.backends.backend_qtagg"
_MODULES = (
    "distributed",
    "pandas",
    _DRAWS,
    "napari_jcc.plugin.widgets.review",
    "napari_jcc.plugin.widgets.sweep",
    "napari_jcc.plugin.widgets.match",
    "napari_jcc.plugin.widgets.landmarks",
    "napari_jcc.plugin.widgets.train",
    "napari_jcc.solvers.structured",
    "napari_jcc.matching.training",
    "lightning_fabric",
)
"""In the order in which a user comes to need them; those with torch last.

dask looks for the first one when it reads the first slice of a stack.
"""

_logger = logging.getLogger(__name__)
_ending = threading.Event()
_left = threading.Event()
_thread: threading.Thread | None = None


def load_in_background() -> None:
    """Begin to load what docks and corrections need; returns at once.

    Torch alone takes seconds, half of one in a single call that keeps Python's lock.
    """
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_load, name="napari-jcc libraries")
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(_ending.set)
        _thread.start()


def let_go() -> None:
    """Let all garbage be found: a window was closed, which was kept as modules are."""
    _left.set()
    gc.unfreeze()


def _load() -> None:
    with short_turns(), _without_garbage_collection():
        _load_torch_library()
        for name in _MODULES:
            if _ending.is_set():
                return
            # What is not installed, or broken, is told where it is asked for.
            with suppress(Exception):
                importlib.import_module(name)
                if name == _DRAWS:
                    _draw_text()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collect no garbage: modules are none, and to find that out stops all threads."""
    # Not by gc.disable: napari's menus switch it on again.
    thresholds = gc.get_threshold()
    gc.set_threshold(0)
    try:
        yield
    finally:
        # Modules stay for good. To look through them takes almost half a second.
        gc.freeze()
        if _left.is_set():
            gc.unfreeze()
        gc.set_threshold(*thresholds)


def _draw_text() -> None:
    """Draw a number with matplotlib, which looks for fonts and loads one for its first."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    figure.subplots().set_xlabel("0.5")
    figure.canvas.draw()


def _load_torch_library() -> None:
    """Load the library that ``import torch`` would load, without keeping Python's lock."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None or not hasattr(os, "RTLD_NOW"):
        return
    path = Path(found.origin).parent / "lib" / "libtorch_python.so"
    if not path.exists():
        return
    # ctypes.CDLL keeps the lock; a foreign function, as this one, does not.
    load = ctypes.CDLL(None).dlopen
    load.argtypes, load.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    if not load(os.fsencode(path), os.RTLD_NOW):
        _logger.debug("%s was not loaded beforehand", path)

"""Libraries loaded in the background, so that no first use of them holds the window up."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qtpy.QtWidgets import QApplication

from napari_jcc.plugin.background.garbage import without_garbage_collection
from napari_jcc.plugin.background.quiet import breathing_imports, when_still
from napari_jcc.plugin.background.turns import is_working, short_turns

_DRAWS = "matplotlib.backends.backend_qtagg"
_MODULES = (
    "distributed",
    "pandas",
    _DRAWS,
    "napari_jcc.plugin.widgets.review.dock",
    "napari_jcc.plugin.widgets.sweep.dock",
    "napari_jcc.plugin.widgets.matching.match_dock",
    "napari_jcc.plugin.widgets.matching.landmark_dock",
    "napari_jcc.plugin.widgets.matching.train_dock",
    "napari_jcc.solvers.structured",
    "napari_jcc.matching.training",
    "lightning_fabric",
)
"""In the order in which a user comes to need them; those with torch last.

dask looks for the first one when it reads the first slice of a stack.
"""

_REST = 2
"""Seconds between two looks whether jobs have ended; their layers are added just after."""

_logger = logging.getLogger(__name__)
_ending = threading.Event()
_thread: threading.Thread | None = None


def load_in_background() -> None:
    """Load what docks and corrections need as soon as the window is still.

    Torch alone takes seconds, half of one in a single call that keeps the GIL.
    """
    global _thread
    application = QApplication.instance()
    if _thread is None and application is not None:
        _thread = threading.Thread(target=_load, name="napari-jcc libraries")
        application.aboutToQuit.connect(_ending.set)
        when_still(_thread.start, application)


def _load() -> None:
    with _beside_the_window():
        _load_torch_library()
    for name in _MODULES:
        # A job that was started meanwhile needs the processor, and loads what it needs.
        while is_working() and not _ending.wait(_REST):
            pass
        if _ending.is_set():
            return
        # What is not installed, or broken, is told where it is asked for.
        with _beside_the_window(), suppress(Exception):
            importlib.import_module(name)
            if name == _DRAWS:
                _draw_text()


@contextmanager
def _beside_the_window() -> Iterator[None]:
    with short_turns(), breathing_imports(), without_garbage_collection():
        yield


def _draw_text() -> None:
    """Draw a number with matplotlib, which looks for fonts and loads one for its first."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    figure.subplots().set_xlabel("0.5")
    figure.canvas.draw()


def _load_torch_library() -> None:
    """Load the library that ``import torch`` would load, without keeping the GIL."""
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

"""Torch loaded beside other work: it takes seconds."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import logging
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

_logger = logging.getLogger(__name__)


def load_torch_library() -> None:
    """Load the library that ``import torch`` would load, without keeping the GIL.

    That is half a second in a single call. Nothing happens where torch is not installed.
    """
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


def load_torch_ahead() -> None:
    """Begin to load torch in a thread, for work that will ask for it in a while.

    Whoever imports it meanwhile waits for that thread; so does the end of the program.
    """
    if "torch" not in sys.modules and importlib.util.find_spec("torch") is not None:
        threading.Thread(target=_load, name="napari-jcc torch").start()


def _load() -> None:
    load_torch_library()
    # What is wrong with it is told where it is asked for.
    with suppress(Exception):
        importlib.import_module("torch")

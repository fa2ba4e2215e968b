"""Large arrays that can be painted on without lying in memory as a whole."""

from __future__ import annotations

import logging
import math
import os
import shutil
import tempfile

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGEST_IN_MEMORY = 512 * 2**20
"""Bytes; larger arrays are paged from a temporary file."""

_logger = logging.getLogger(__name__)


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[np.unsignedinteger]:
    """Make a writable array of zeros; a large one lies in a file that goes with it.

    The system keeps what is looked at in memory and writes back the rest. Where the folder
    of temporary files has no room the array is in memory after all.

    Parameters
    ----------
    shape
        Lengths of the axes.
    dtype
        Type of unsigned integers.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > LARGEST_IN_MEMORY:
        try:
            return _paged(shape, dtype, size)
        except OSError as error:
            _logger.warning("%d MiB of labels stay in memory: %s", size >> 20, error)
    return np.zeros(shape, dtype)


def _paged(
    shape: tuple[int, ...], dtype: DTypeLike, size: int
) -> NDArray[np.unsignedinteger]:
    # Without a name, or deleted when closed: nothing is left behind, not even by a kill.
    with tempfile.TemporaryFile(prefix="napari-jcc-") as file:
        # A full disk must show here: later, writing to a page would end the program.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        elif shutil.disk_usage(tempfile.gettempdir()).free < 2 * size:
            raise OSError("the disk of temporary files is too full")
        return np.memmap(file, dtype, "r+", shape=shape)

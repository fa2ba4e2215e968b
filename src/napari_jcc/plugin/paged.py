"""Large arrays that can be painted on without lying in memory as a whole."""

from __future__ import annotations

import logging
import math

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_jcc.errors import OutputError
from napari_jcc.spill import empty_array

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
            return empty_array(shape, dtype, budget=0)  # a new file is all zeros
        except OutputError as error:
            _logger.warning("Labels stay in memory. %s", error)
    return np.zeros(shape, dtype)

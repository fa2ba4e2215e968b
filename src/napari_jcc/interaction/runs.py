"""Changed pixels as runs: compact whatever the brush, and quick to replay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import IntArray


def changed_runs(before: NDArray[np.integer], after: NDArray[np.integer]) -> IntArray:
    """Find the runs of pixels, in row-major order, that differ and have one new value.

    Parameters
    ----------
    before : (H, W) int
        Old values, 0 or more.
    after : (H, W) int
        New values, likewise.

    Returns
    -------
    runs : (K, 3) int64
        First pixel, number of pixels, new value.
    """
    rows = np.flatnonzero((before != after).any(axis=1))
    if not rows.size:
        return np.zeros((0, 3), np.int64)
    # A stroke changes few rows of a large image.
    touched = slice(rows[0], rows[-1] + 1)
    old, new = before[touched].ravel(), after[touched].ravel()
    # -1 where nothing changes, so that runs end there too.
    code = np.where(old != new, new.astype(np.int32), -1)
    edges = np.flatnonzero(np.diff(code, prepend=-2, append=-2))
    start, stop = edges[:-1], edges[1:]
    value = code[start]
    first = start + int(rows[0]) * before.shape[1]
    runs = np.stack([first, stop - start, value], axis=1)
    return np.asarray(runs[value >= 0], dtype=np.int64)


def run_pixels(runs: IntArray) -> IntArray:
    """Return the pixels of runs, by their place in row-major order, run after run."""
    start, length, _ = runs.T
    before = np.cumsum(length) - length
    return np.asarray(np.repeat(start - before, length) + np.arange(length.sum()))

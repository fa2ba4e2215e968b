"""Arrays and lists that keep in memory what fits, and the rest in temporary files."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import IO, Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from napari_jcc.errors import OutputError

T = TypeVar("T")

GIGABYTE = 2**30


class SpilledList(Sequence[T], Generic[T]):
    """A fixed number of items, those beyond a budget in a temporary file.

    An item in the file is read anew whenever it is asked for, so that no more are in
    memory than the reader holds on to; changes to what was read are not kept. Items may
    be set and read from several threads. The file goes with the list.

    Parameters
    ----------
    count
        Number of items; each must be set before it is read.
    budget
        Bytes of items kept in memory; infinite: all of them.
    size_of
        Bytes that an item takes.

    Raises
    ------
    OutputError
        On setting an item, if the temporary folder is full.
    """

    def __init__(self, count: int, budget: float, size_of: Callable[[T], int]) -> None:
        self._budget = budget
        self._size_of = size_of
        self._kept: list[T | None] = [None] * count
        self._sizes = [0] * count
        self._used = 0
        self._places: dict[int, tuple[int, int]] = {}
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def __setitem__(self, index: int, item: T) -> None:
        size = self._size_of(item)
        with self._lock:
            self._used -= self._sizes[index]
            fits = self._used + size <= self._budget
            self._sizes[index] = size if fits else 0
            self._used += self._sizes[index]
            self._kept[index] = item if fits else None
            if not fits:
                self._write(index, pickle.dumps(item, protocol=5))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        with self._lock:
            item = self._kept[place]
            if item is not None:
                return item
            data = self._read(place)
        loaded: T = pickle.loads(data)
        return loaded

    def _write(self, index: int, data: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="napari-jcc-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        start, room = self._places.get(index, (0, -1))
        if len(data) > room:
            start, room = self._file.seek(0, os.SEEK_END), len(data)
        try:
            self._file.seek(start)
            self._file.write(data)
        except OSError as error:
            raise OutputError(
                f"Cannot write {len(data) / 2**20:.0f} MB to the temporary folder "
                f"{tempfile.gettempdir()}: {error}. Free some space there, or raise "
                "runtime.memory_budget_gb."
            ) from error
        self._places[index] = start, room

    def _read(self, index: int) -> bytes:
        if self._file is None or index not in self._places:
            raise IndexError(f"Item {index} was not set.")
        start, room = self._places[index]
        self._file.seek(start)
        return self._file.read(room)


def empty_array(
    shape: tuple[int, ...], dtype: DTypeLike, budget: float
) -> np.ndarray[Any, Any]:
    """Return an array to fill, in memory or, if larger than the budget, in a file.

    Parameters
    ----------
    shape
        Its shape.
    dtype
        Its type.
    budget
        Bytes that it may take in memory. A larger array is mapped from a temporary file,
        whose pages the system takes back when memory is short.

    Raises
    ------
    OutputError
        If the temporary folder is full.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size <= budget or size == 0:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(prefix="napari-jcc-") as file:
        try:
            _reserve(file, size)
            return np.memmap(file, dtype=dtype, mode="r+", shape=shape)
        except OSError as error:
            raise OutputError(
                f"Cannot reserve {size / GIGABYTE:.1f} GB in the temporary folder "
                f"{tempfile.gettempdir()}: {error}. Free some space there, or raise "
                "runtime.memory_budget_gb."
            ) from error


def _reserve(file: IO[bytes], size: int) -> None:
    """Make the file that large; a full disk shows here, not on a write to the map."""
    if sys.platform == "linux":
        os.posix_fallocate(file.fileno(), 0, size)
        return
    if shutil.disk_usage(tempfile.gettempdir()).free < size:
        raise OSError("the disk is too full")
    file.truncate(size)

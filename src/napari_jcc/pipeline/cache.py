"""Finished stages by key, in memory and, if asked, on disk."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from napari_jcc.atomic import replacing
from napari_jcc.config import RuntimeConfig
from napari_jcc.errors import OutputError
from napari_jcc.pipeline.codec import DAMAGE, count_bytes, decode, encode
from napari_jcc.spill import GIGABYTE

FORMAT = 6
"""Raised whenever a stage computes something else from the same settings."""


def digest(*parts: Any) -> str:
    """Key of a stage from everything it depends on; the parts must be JSON values."""
    text = json.dumps([FORMAT, *parts], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


class Cache:
    """Keeps the newest results in memory and all of them in a folder, if one is given.

    Safe to use from several threads, and the folder from several processes: a file is
    written whole under another name and then moved in place. Files hold arrays and text
    only, so that opening a folder of someone else's runs no code.

    Parameters
    ----------
    folder
        Where results are kept between sessions; made when missing. None: memory only.
    memory_limit
        Bytes of results kept in memory; the oldest go first.

    Raises
    ------
    OutputError
        If the folder cannot be made.
    """

    def __init__(
        self, folder: str | Path | None = None, memory_limit: int = 1_000_000_000
    ) -> None:
        self._folder = Path(folder) if folder else None
        self._limit = memory_limit
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        if self._folder is not None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"Cannot make the cache folder {self._folder}: {error}. Choose another "
                    "folder in runtime.cache_folder, or leave it empty."
                ) from error

    @classmethod
    def of(cls, config: RuntimeConfig) -> Cache:
        """Make one in the folder of the settings, with an eighth of a set's memory."""
        memory = int(config.memory_budget_gb * GIGABYTE / 8)
        return cls(config.cache_folder or None, memory)

    def get(self, key: str) -> Any | None:
        """Return the result kept under `key`, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value = None if self._folder is None else _read(_place(self._folder, key))
        if value is not None:
            self._remember(key, value)
        return value

    def put(self, key: str, value: Any) -> None:
        """Keep a result under `key`.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        self._remember(key, value)
        if self._folder is not None:
            _write(_place(self._folder, key), value)

    def _remember(self, key: str, value: Any) -> None:
        size = count_bytes(value)
        with self._lock:
            if key in self._kept:
                self._size -= self._kept.pop(key)[1]
            self._kept[key] = (value, size)
            self._size += size
            while self._size > self._limit and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1][1]


def _place(folder: Path, key: str) -> Path:
    # Two letters of the key as folder keep directories small.
    return folder / key[:2] / f"{key[2:]}.npz"


def _read(path: Path) -> Any | None:
    if not path.is_file():
        return None
    try:
        return decode(io.BytesIO(path.read_bytes()))
    except (OSError, *DAMAGE):
        # A damaged file is as good as none: the stage runs again and replaces it.
        return None


def _write(path: Path, value: Any) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, synced=False) as file:  # half a file is computed again
            encode(value, file)
    except OSError as error:
        raise OutputError(
            f"Cannot write to the cache folder {path.parent.parent}: {error}. Free some "
            "space, or choose another folder in runtime.cache_folder."
        ) from error

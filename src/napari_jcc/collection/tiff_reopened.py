"""The TIFF that a thread read last stays parsed, for the next of its pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tifffile import TiffFile

_last = threading.local()
"""File that a thread read last: ``file``, its ``places``, and their ``states`` then."""


@contextmanager
def reopened(path: Path) -> Iterator[TiffFile]:
    """Open a file that this thread may have read before.

    To parse what a file of thousands of pages tells of them takes far longer than to read
    one, so the last file stays parsed in every thread; on the disk it is closed.
    """
    file: TiffFile | None = getattr(_last, "file", None)
    if file is None or _last.places[0] != path or _last.states != _states(_last.places):
        file = TiffFile(path)
        _last.places = _find_places(file, path)
        _last.states = _states(_last.places)
    _last.file = None  # nothing stays of a file that fails
    file.filehandle.open()
    try:
        yield file
        _last.file = file
    finally:
        file.close()


def _find_places(file: TiffFile, path: Path) -> list[Path]:
    """List a file and those that its pages are in besides, which are beside it."""
    names = dict.fromkeys(
        page.parent.filename
        for series in file.series
        for page in (series.pages if series.is_multifile else ())
        if page is not None
    )
    return [path, *(path.with_name(name) for name in names)]


def _states(places: list[Path]) -> list[tuple[int, int]]:
    found = []
    for place in places:
        with suppress(FileNotFoundError):  # told where its pages are read
            state = place.stat()
            found.append((state.st_size, state.st_mtime_ns))
    return found

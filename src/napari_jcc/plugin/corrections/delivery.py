"""Writes the results of a whole set in parts, so that the GUI thread is never blocked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_jcc.plugin.layers import labels_of
from napari_jcc.progress import Progress
from napari_jcc.results import ImageResult

Answers = dict[int, ImageResult]
"""Results of some images, by index."""

_MOST_IMAGES, _MOST_PIXELS = 100, 10_000_000
"""Limits of one part: napari takes a quarter of a millisecond to redraw a box."""

_PAUSE = 0.005
"""Seconds between two parts, in which the window handles events."""

_POLL = 0.05
"""Seconds between two checks whether the work was cancelled."""


class Delivery(QObject):
    """Passes results from a worker thread to the GUI thread.

    Parameters
    ----------
    write
        Called in the GUI thread with every part.
    is_ready
        Whether a part may be written at this moment.
    """

    _came = Signal(object, object)

    def __init__(
        self,
        write: Callable[[Answers], None],
        is_ready: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._write, self._is_ready = write, is_ready
        self._written = threading.Event()
        self._came.connect(self._on_came)

    def send(
        self,
        shown: Sequence[ImageResult],
        now: Sequence[ImageResult],
        first: int,
        progress: Progress,
    ) -> None:
        """Have the answers written that are not those shown; returns when all are.

        For a working thread.

        Parameters
        ----------
        shown, now
            Answers of all images before and after.
        first
            Place of the image in view; those next to it are written first.
        progress
            Cancels: the rest is not written then.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        pairs = enumerate(zip(shown, now, strict=True))
        altered = [place for place, (old, new) in pairs if not _is_same(old, new)]
        altered.sort(key=lambda place: abs(place - first))
        for part in _parts({place: now[place] for place in altered}):
            self._written.clear()
            self._came.emit(part, progress)
            while not self._written.wait(_POLL):
                progress.raise_if_cancelled()
            time.sleep(_PAUSE)

    def _on_came(self, part: Answers, progress: Progress) -> None:
        if progress.cancelled:
            return
        if not self._is_ready():
            QTimer.singleShot(round(1000 * _POLL), partial(self._on_came, part, progress))
            return
        try:
            self._write(part)
        finally:
            self._written.set()


def _parts(images: Mapping[int, ImageResult]) -> Iterator[Answers]:
    """Cut answers into parts that are written within a few hundredths of a second."""
    part: Answers = {}
    pixels = 0
    for place, image in images.items():
        size = image.mask.size
        if part and (len(part) == _MOST_IMAGES or pixels + size > _MOST_PIXELS):
            yield part
            part, pixels = {}, 0
        part[place] = image
        pixels += size
    if part:
        yield part


def _is_same(image: ImageResult, other: ImageResult) -> bool:
    """Whether two answers of an image have the same masks, boxes and scores."""
    return (
        np.array_equal(labels_of(image), labels_of(other))
        and np.array_equal(image.boxes, other.boxes, equal_nan=True)
        and np.array_equal(image.scores, other.scores)
    )

"""What the strokes on an image come to, so that the next one replays none of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from napari_jcc._types import LabelMap
from napari_jcc.interaction.edit import (
    BACKGROUND,
    OBJECT,
    Edit,
    EditKind,
    ImageKey,
    MarkArray,
)
from napari_jcc.interaction.runs import run_pixels

_STEP = 32
"""Of every so many entries a map is kept, from which the strokes before an undo are
replayed."""
_KEPT_BYTES = 2**28
"""Maps of the images drawn on last that are kept together."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the entries of one image come to, painted one after the other.

    Attributes
    ----------
    entries
        Of the image, since it was last cleared.
    marks : (H, W) uint8
        Read-only.
    numbers : (H, W) int32 or None
        Objects that the user told apart, 0: none of them; None where there is none.
        Read-only.
    """

    entries: tuple[Edit, ...]
    marks: MarkArray
    numbers: LabelMap | None

    @property
    def nbytes(self) -> int:
        """Size of the maps."""
        return self.marks.nbytes + (0 if self.numbers is None else self.numbers.nbytes)

    def begins(self, entries: tuple[Edit, ...]) -> bool:
        """Whether these entries are the first of others."""
        return entries[: len(self.entries)] == self.entries

    def go_on(self, entries: tuple[Edit, ...]) -> Drawn:
        """Return what all entries come to, of which these are the first."""
        further = entries[len(self.entries) :]
        painted = [e.runs for e in further if e.kind is EditKind.PAINT and len(e.runs)]
        if not painted:
            return Drawn(entries, self.marks, self.numbers)
        marks = self.marks.copy()
        numbers = None if self.numbers is None else self.numbers.copy()
        for runs in painted:
            pixels, (_, length, value) = run_pixels(runs), runs.T
            own = np.where(value > BACKGROUND, OBJECT, value).astype(np.uint8)
            marks.reshape(-1)[pixels] = np.repeat(own, length)
            if numbers is None and value.max() > BACKGROUND:
                numbers = np.zeros(marks.shape, np.int32)
            if numbers is not None:
                own = np.maximum(value - BACKGROUND, 0)
                numbers.reshape(-1)[pixels] = np.repeat(own, length)
        for drawn in (marks, numbers):
            if drawn is not None:
                drawn.flags.writeable = False
        return Drawn(entries, marks, numbers)


class DrawnCache:
    """What was drawn on the images that were asked for last; thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[ImageKey, tuple[Drawn, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def find(
        self, key: ImageKey, shape: tuple[int, int], entries: tuple[Edit, ...]
    ) -> Drawn:
        """Return what the entries of an image, all of its size, come to."""
        blank = Drawn((), np.broadcast_to(np.uint8(0), shape), None)
        if not entries:
            return blank
        with self._lock:
            kept = [d for d in self._kept.get(key, ()) if d.marks.shape == shape]
        earlier = entries[: len(entries) // _STEP * _STEP]
        start = _reach(earlier, (blank, *kept))
        found = _reach(entries, (start, *kept))
        self._keep(key, (start, found))
        return found

    def _keep(self, key: ImageKey, maps: tuple[Drawn, ...]) -> None:
        with self._lock:
            self._kept[key] = maps
            self._kept.move_to_end(key)
            size = sum(found.nbytes for maps in self._kept.values() for found in maps)
            while size > _KEPT_BYTES and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                size -= sum(found.nbytes for found in dropped)


def _reach(entries: tuple[Edit, ...], known: Iterable[Drawn]) -> Drawn:
    """Return what entries come to, from the furthest of known maps on the way to it."""
    on_the_way = [drawn for drawn in known if drawn.begins(entries)]
    furthest = max(on_the_way, key=lambda drawn: len(drawn.entries))
    return furthest if furthest.entries == entries else furthest.go_on(entries)

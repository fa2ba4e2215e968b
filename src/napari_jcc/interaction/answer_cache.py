"""Cache of the answers of single images, by their edits."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from napari_jcc.interaction.edit import Edit
from napari_jcc.interaction.state_cache import Packed
from napari_jcc.results import ImageResult

_KEPT = 20
"""Earlier answers that are kept, besides the last one of every image."""

_Drawn = tuple[Edit, ...]


class AnswerCache:
    """The last answer for every image and some earlier ones; thread-safe."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[_Drawn, ImageResult]] = {}
        self._earlier: OrderedDict[tuple[int, _Drawn], Packed] = OrderedDict()
        self._lock = threading.Lock()

    def last_drawn(self, place: int) -> _Drawn:
        """Return the edits of the last answer of an image; empty if there is none."""
        return self._last.get(place, ((), None))[0]

    def keep(self, place: int, drawn: Sequence[Edit], image: ImageResult) -> None:
        """Keep the answer of an image under its edits, at least one."""
        with self._lock:
            self._set_aside(place)
            self._last[place] = tuple(drawn), image

    def release(self, place: int) -> None:
        """Move the last answer of an image to the earlier ones."""
        with self._lock:
            self._set_aside(place)

    def find(self, place: int, drawn: Sequence[Edit]) -> ImageResult | None:
        """Return the answer of an image under its edits, if it is kept."""
        with self._lock:
            before, image = self._last.get(place, ((), None))
            if image is not None and before == tuple(drawn):
                return image
            packed = self._earlier.get((place, tuple(drawn)))
        return None if packed is None else packed.unpack()

    def _set_aside(self, place: int) -> None:
        if place in self._last:
            drawn, image = self._last.pop(place)
            self._earlier[place, drawn] = Packed.of(image)
            self._earlier.move_to_end((place, drawn))
            while len(self._earlier) > _KEPT:
                self._earlier.popitem(last=False)

"""Small pictures of images with their outlines, drawn when they are looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QIcon, QImage, QPixmap

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import reduce_image
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.shown import Answer
from napari_jcc.progress import Progress
from napari_jcc.results import ImageResult
from napari_jcc.results.overview import draw_tile, find_picture

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

SIDE = 128
"""Longer side of a tile, in pixels."""

_AT_ONCE = 8
_KEPT = 400
"""Tiles in memory: 20 MB at most."""


@dataclass(frozen=True)
class _Wish:
    """A tile to be drawn."""

    place: int
    image: ImageResult
    collection: ImageCollection


class Tiles(QObject):
    """Keeps the tiles that were looked at last.

    Attributes
    ----------
    drawn
        Signal with the places of images whose tiles are there by now.
    """

    drawn = Signal(object)
    _made = Signal(object, object)

    def __init__(self, session: Session, owner: QObject) -> None:
        super().__init__(owner)
        self._session = session
        self._owner = owner
        self._kept: OrderedDict[int, tuple[ImageResult, QIcon]] = OrderedDict()
        self._wishes: dict[int, _Wish] = {}
        self._task: Task | None = None
        self._made.connect(self._on_made)

    def clear(self) -> None:
        """Forget the tiles: other images are shown."""
        self._kept.clear()
        self._wishes.clear()

    def icon(self, place: int, answer: Answer) -> QIcon | None:
        """Return the tile of an image; None, or the one before, until it is drawn."""
        image = answer.result.images[place]
        kept = self._kept.get(place)
        if kept is not None:
            self._kept.move_to_end(place)
        if kept is None or kept[0] is not image:
            if not self._is_wished(place, image):
                self._wishes[place] = _Wish(place, image, answer.collection)
            self._next()
        return None if kept is None else kept[1]

    def _next(self) -> None:
        """Draw what was asked for last: that is what is in view."""
        if self._task is not None or not self._wishes:
            return
        wishes = list(self._wishes.values())[-_AT_ONCE:]
        self._task = Task(_work(wishes, self._made.emit), "Tiles")
        self._task.ended.connect(self._on_ended)
        self._session.jobs.run(self._task, owner=self._owner)

    def _on_made(self, wish: _Wish, tile: QImage) -> None:
        if not self._is_wished(wish.place, wish.image):
            return  # drawn anew since, or of images that are no longer shown
        del self._wishes[wish.place]
        self._kept[wish.place] = (wish.image, QIcon(QPixmap.fromImage(tile)))
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.drawn.emit([wish.place])

    def _is_wished(self, place: int, image: ImageResult) -> bool:
        wish = self._wishes.get(place)
        return wish is not None and wish.image is image

    def _on_ended(self) -> None:
        cancelled = self._task is not None and self._task.cancelled
        self._task = None
        if not cancelled:
            self._next()


def _work(
    wishes: list[_Wish], made: Callable[[_Wish, QImage], None]
) -> Callable[[Progress], None]:
    def work(progress: Progress) -> None:
        progress.start("Tiles", len(wishes))
        for wish in wishes:
            made(wish, _as_image(_draw(wish)))
            progress.advance()

    return work


def _draw(wish: _Wish) -> ImageArray:
    place = wish.collection.names.index(wish.image.name)
    picture = find_picture(wish.collection, place, wish.image)
    if wish.image.instances is not None:
        return draw_tile(wish.image, picture, SIDE)  # thin outlines would fade
    return reduce_image(draw_tile(wish.image, picture), SIDE)


def _as_image(tile: ImageArray) -> QImage:
    """Put a tile on a transparent square, so that all of them line up."""
    rows, columns = tile.shape[:2]
    top, left = (SIDE - rows) // 2, (SIDE - columns) // 2
    square = np.zeros((SIDE, SIDE, 4), np.uint8)
    square[top : top + rows, left : left + columns, :3] = tile
    square[top : top + rows, left : left + columns, 3] = 255
    image = QImage(square.tobytes(), SIDE, SIDE, 4 * SIDE, QImage.Format.Format_RGBA8888)
    return image.copy()  # it does not keep the bytes

"""Points of a sweep in the canvas."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import cv2
import numpy as np
from napari.layers import Layer

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.interaction import OBJECT, ImageKey, lay_over_image
from napari_jcc.plugin.overlay import Overlay
from napari_jcc.plugin.rectangles import line_width
from napari_jcc.plugin.source import Source
from napari_jcc.results import ImageResult
from napari_jcc.results.result import bare_image
from napari_jcc.sweep import SweepPoint

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_BOX = 2
_COLOURS = {0: "transparent", OBJECT: "#ff5fa2", _BOX: "#ffd400", None: "#ff5fa2"}


class SweepPreview:
    """Shows the masks and boxes of points in a layer of its own.

    What the user drew is laid over; the layers of the result are hidden meanwhile and
    never written to. Only the slice in view is unpacked.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._overlay = Overlay(session.viewer, "sweep preview", _COLOURS, 0.5)
        self._source: Source | None = None
        self._point: SweepPoint | None = None

    @property
    def layer(self) -> Layer | None:
        """The layer while it is shown."""
        return self._overlay.layer

    def set_source(self, source: Source) -> None:
        """Show points of a sweep of other images from now on."""
        self._overlay.clear()
        self._source = source

    def show(self, point: SweepPoint) -> bool:
        """Show a point and tell whether the images have a place in the viewer."""
        if self._source is None or self._source.needs_stack:
            return False
        self._point = point
        shown = self._session.shown
        hide = () if shown is None else (shown.masks, shown.boxes)
        self._overlay.show(self._source.placement, self._draw, hide)
        return True

    def show_nothing(self) -> None:
        """Show no masks in place of those of another point."""
        self._point = None
        self.refresh()

    def refresh(self) -> None:
        """Show what was drawn since."""
        self._overlay.refresh()

    def clear(self) -> None:
        """Take the preview away and show the result again."""
        self._overlay.clear()

    def _draw(self, place: int) -> ImageArray | None:
        if self._source is None or self._point is None:
            return None
        collection = self._source.collection
        name = collection.names[place]
        mask = self._point.masks.get(name)
        if mask is None:
            return None
        image = bare_image(name, mask=mask, box=self._point.boxes[name])
        key = self._find_key(collection, place, mask.shape)
        return self._draw_image(image, key, self._point)

    def _draw_image(
        self, image: ImageResult, key: ImageKey | None, point: SweepPoint
    ) -> ImageArray:
        if key is not None:
            image = lay_over_image(image, self._session.edits, key)
        labels = image.mask.astype(np.uint8)
        thickness = int(line_width(max(labels.shape)))
        for box in point.objects.get(image.name, image.boxes):
            low, high = box[:2].round().astype(int), box[2:].round().astype(int) - 1
            cv2.rectangle(labels, low.tolist(), high.tolist(), _BOX, thickness)
        return labels

    def _find_key(
        self, collection: ImageCollection, place: int, shape: tuple[int, ...]
    ) -> ImageKey | None:
        """Key of an image that was drawn on at this size."""
        edits, name = self._session.edits, collection.names[place]
        keys = [key for key in edits.edited if key.name == name]
        fits = [key for key in keys if edits.of(key)[-1].shape == shape]
        if not fits:
            return None
        with suppress(InputError):  # the file may be gone
            # Other sets have images of the same names; hashed only where it may matter.
            key = ImageKey(name, collection.fingerprint(place))
            return key if key in fits else None
        return None

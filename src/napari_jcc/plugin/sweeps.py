"""A sweep in a worker thread, and its points in the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from napari.layers import Image, Layer
from qtpy.QtCore import QObject, Signal

from napari_jcc._types import ImageArray, MaskArray
from napari_jcc.interaction import OBJECT, ImageKey, lay_over_image
from napari_jcc.pipeline import Cache
from napari_jcc.plugin.background.worker import QtProgress
from napari_jcc.plugin.overlay import Overlay
from napari_jcc.plugin.source import Source, find_source
from napari_jcc.plugin.truth import TruthChoice
from napari_jcc.progress import Progress
from napari_jcc.results.result import bare_image
from napari_jcc.sweep import Grid, Sweep, SweepPoint

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_BOX = 2
_COLOURS = {0: "transparent", OBJECT: "#ff5fa2", _BOX: "#ffd400", None: "#ff5fa2"}


class SweepJob(QObject):
    """Tries settings on the images of some layers.

    Parameters
    ----------
    chosen
        Image layers; read, never changed.
    grid
        What is tried.
    cache
        Finished stages of former runs; the next run finds those of the sweep there.
    truth
        What the points are scored against.

    Attributes
    ----------
    begun
        Signal with `Source` and `SweepTable`, which is filled from then on.
    advanced
        Signal when one more point is there.
    stages
        Tells of the stages of the points that are computed one at a time.
    """

    begun = Signal(object, object)
    advanced = Signal()

    def __init__(
        self,
        chosen: Sequence[Image],
        grid: Grid,
        cache: Cache,
        truth: TruthChoice | None = None,
    ) -> None:
        super().__init__()
        self._chosen = chosen
        self._grid = grid
        self._cache = cache
        self._read_truth = None if truth is None else truth.reader()
        self.stages = QtProgress()

    def run(self, progress: Progress) -> None:
        """Compute all points; to be called in a worker thread.

        Raises
        ------
        JccError
            If images or truth cannot be used. Finished points stay in the table.
        """
        config = self._grid.base
        source = find_source(self._chosen, config.collection)
        truth = None
        if self._read_truth is not None:
            truth = self._read_truth(source.collection, source.placement)
        sweep = Sweep(
            source.collection,
            config,
            self._grid,
            truth=truth,
            cache=self._cache,
            progress=progress,
            stages=self.stages,
        )
        self.begun.emit(source, sweep.table)
        for _ in sweep:
            self.advanced.emit()


class SweepPreview:
    """Shows the masks and boxes of points in a layer of its own.

    What the user drew is laid over; the layers of the result are hidden meanwhile and
    never written to. Only the slice in view is unpacked.

    Parameters
    ----------
    session
        Whose viewer and edits are shown.
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

    def refresh(self) -> None:
        """Show what was drawn since."""
        self._overlay.refresh()

    def clear(self) -> None:
        """Take the preview away and show the result again."""
        self._overlay.clear()

    def _draw(self, place: int) -> ImageArray | None:
        if self._source is None or self._point is None:
            return None
        name = self._source.collection.names[place]
        mask = self._point.masks.get(name)
        if mask is None:
            return None
        return self._draw_image(name, mask, self._point)

    def _draw_image(self, name: str, mask: MaskArray, point: SweepPoint) -> ImageArray:
        image = bare_image(name, mask=mask, box=point.boxes[name])
        key = self._find_key(name, mask.shape)
        if key is not None:
            image = lay_over_image(image, self._session.edits, key)
        labels = image.mask.astype(np.uint8)
        thickness = max(1, round(max(mask.shape) / 150))
        for box in point.objects.get(name, image.boxes):
            low, high = box[:2].round().astype(int), box[2:].round().astype(int) - 1
            cv2.rectangle(labels, low.tolist(), high.tolist(), _BOX, thickness)
        return labels

    def _find_key(self, name: str, shape: tuple[int, ...]) -> ImageKey | None:
        """Key of an image that was drawn on at this size."""
        edits = self._session.edits
        keys = [key for key in edits.edited if key.name == name]
        fits = [key for key in keys if edits.of(key)[-1].shape == shape]
        return fits[0] if fits else None

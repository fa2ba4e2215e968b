"""Watches a box layer, and turns boxes moved, drawn or deleted into edits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_warning
from qtpy.QtCore import QObject, QTimer, Signal

from napari_jcc.errors import InputError
from napari_jcc.interaction import Corrector, ReopenedCorrector
from napari_jcc.plugin.corrections.detection import find_drawn_boxes
from napari_jcc.plugin.shown import ShownResult

if TYPE_CHECKING:
    from napari.layers import Shapes

    from napari_jcc.plugin.session import Session

_PAUSE = 150
"""Milliseconds without a change after which a moved box counts as placed."""


class BoxWatch(QObject):
    """Compares the boxes with those written last, and records differences as edits.

    Parameters
    ----------
    session
        Holds the edits.
    shown
        The layers, complete.
    corrector
        Has the keys of the images.

    Attributes
    ----------
    placed
        Signal when a box may have been moved, drawn or deleted.
    writing
        Whether it is the plugin that changes the layer.
    """

    placed = Signal()

    def __init__(
        self,
        session: Session,
        shown: ShownResult,
        corrector: Corrector | ReopenedCorrector,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.writing = False
        self._session, self._shown, self._corrector = session, shown, corrector
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_pause)
        self._is_pressed = False
        # Also disconnected from when the user has taken it out of the viewer.
        self._layer = shown.boxes
        if self._layer is not None:
            self._layer.events.data.connect(self._on_moved)
            self._layer.mouse_drag_callbacks.append(self._follow)

    @property
    def is_down(self) -> bool:
        """Whether a box is being drawn or dragged, which napari goes on with by its row."""
        # A polygon grows click by click, with no button pressed in between.
        is_drawn = self._is_pressed or getattr(self._layer, "_is_creating", False)
        # A layer that was removed meanwhile is told of no release.
        return bool(is_drawn) and self._shown.boxes is self._layer

    def stop(self) -> None:
        """Watch no longer."""
        if self._layer is not None:
            self._layer.events.data.disconnect(self._on_moved)
            if self._follow in self._layer.mouse_drag_callbacks:
                self._layer.mouse_drag_callbacks.remove(self._follow)
        self._timer.stop()

    def take(self) -> None:
        """Journal boxes that were moved, drawn or deleted; none that is in hand."""
        if self.is_down:
            return
        answer, boxes = self._shown.answer, self._shown.boxes
        if answer is None or boxes is None or not self._shown.boxes_are_single:
            return
        edits = self._session.edits
        drawn = find_drawn_boxes(boxes.data, self._shown.rectangles, answer.placement)
        refused: list[int] = []
        for place, box in drawn.items():
            rows, columns = answer.result.images[place].mask.shape
            try:
                edits = edits.fix_box(self._corrector.keys[place], (rows, columns), box)
            except InputError as error:
                show_warning(f"The box was not taken over. {error}")
                refused.append(place)
        self._put_back(refused)
        self._shown.remember_rectangles()
        self._session.set_edits(edits)

    def _put_back(self, places: Sequence[int]) -> None:
        """Draw the boxes of some images as they were, which is how they are saved."""
        before, self.writing = self.writing, True
        try:
            self._shown.write_boxes(places, places)
        finally:
            self.writing = before

    def _on_moved(self, event: Any) -> None:
        if not self.writing:
            self._timer.start(_PAUSE)

    def _on_pause(self) -> None:
        if not self.is_down:
            self.placed.emit()

    def _follow(self, layer: Shapes, event: Any) -> Iterator[None]:
        """Know when a tool is at work, from press to release, as napari calls it."""
        if str(layer.mode) == "pan_zoom":
            return
        self._is_pressed = True
        try:
            yield
            while event.type == "mouse_move":
                yield
        finally:
            self._is_pressed = False
            self._timer.start(_PAUSE)

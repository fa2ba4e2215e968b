"""Prepares the image in view while a drawing tool is selected, to answer strokes faster."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer

from napari_jcc.errors import JccError
from napari_jcc.interaction import Corrector, ReopenedCorrector
from napari_jcc.plugin.background.worker import Task
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_TOOLS = ("paint", "erase", "fill", "polygon")
_REST = 150
"""Milliseconds without slider movement before an image is prepared."""


class Readiness(QObject):
    """Has the corrector prepare the image in view when a drawing tool is selected.

    Nothing is done without such a tool, or while the slider moves.

    Parameters
    ----------
    session
        Runs the work.
    layer
        That is drawn on; None if there is none.
    corrector
        Of what is shown.
    current_place
        Gives the place of the image in view, if any.
    """

    def __init__(
        self,
        session: Session,
        layer: Labels | None,
        corrector: Corrector | ReopenedCorrector,
        current_place: Callable[[], int | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._layer, self._corrector = session, layer, corrector
        self._current_place = current_place
        self._prepared: int | None = None
        self._task: Task | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST)
        self._timer.timeout.connect(self._prepare)
        self._steps = session.viewer.dims.events.current_step
        if layer is not None:
            layer.events.mode.connect(self._on_moved)
            self._steps.connect(self._on_moved)
            self._on_moved()  # a run may end with the brush in hand

    def renew(self) -> None:
        """Prepare the image in view again, as the answers start from others now."""
        self._prepared = None
        self._on_moved()

    def stop(self) -> None:
        """Prepare nothing any more."""
        self._timer.stop()
        if self._layer is not None:
            self._layer.events.mode.disconnect(self._on_moved)
            self._steps.disconnect(self._on_moved)
            self._layer = None
        if self._task is not None:
            self._task.cancel()

    def _on_moved(self) -> None:
        if self._layer is not None and str(self._layer.mode) in _TOOLS:
            self._timer.start()

    def _prepare(self) -> None:
        place = self._current_place()
        if place in (None, self._prepared) or self._task is not None:
            return
        self._prepared = place
        self._task = Task(partial(self._work, place), "Get ready for corrections")
        self._task.ended.connect(self._on_ended)
        self._session.jobs.run(self._task, owner=self)

    def _work(self, place: int, progress: Progress) -> None:
        with suppress(JccError):  # told when something is drawn
            self._corrector.prepare(place, progress)

    def _on_ended(self) -> None:
        self._task = None
        self._on_moved()  # the slider may have moved on meanwhile

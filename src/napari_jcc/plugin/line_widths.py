"""Lines of boxes, which napari measures in pixels of the image, stay thin on the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_jcc.plugin.navigation import camera_of, current_place
from napari_jcc.plugin.rectangles import box_widths

if TYPE_CHECKING:
    from napari.layers import Shapes

    from napari_jcc.plugin.session import Session

THINNED_FROM = 3.0
"""Pixels of the screen beyond which lines are made thinner."""

PAUSE_MS = 150
"""Zooming ends when nothing has changed for so long; a thousand boxes then take 10 ms."""

_factors: WeakKeyDictionary[Shapes, float] = WeakKeyDictionary()
"""What the lines of a layer were multiplied by; 1 where a layer is not named."""


def scaled_widths(shapes: Shapes, widths: float | list[float]) -> list[float] | float:
    """Return the widths that new boxes get beside those that were made thinner."""
    factor = _factors.get(shapes, 1.0)
    if isinstance(widths, list):
        return [width * factor for width in widths]
    return widths * factor


class LineWidths(QObject):
    """Makes the lines of the shown boxes thinner where the user has zoomed in.

    All are multiplied by one factor, so that widths the user chose stay in proportion.
    It changes in steps, or every turn of the wheel would draw all boxes anew.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.fit)
        camera_of(session.viewer).events.zoom.connect(self._on_zoom)
        session.shown_changed.connect(self.fit)

    def _on_zoom(self, event: Any = None) -> None:
        self._timer.start()

    def fit(self) -> None:
        """Give the boxes the width for the present zoom."""
        shown = self._session.shown
        shapes = None if shown is None else shown.boxes
        if shapes is None or self._session.viewer.dims.ndisplay != 2:
            return
        wanted = self._wanted(shapes)
        change = wanted / _factors.get(shapes, 1.0)
        if change == 1:
            return
        _factors[shapes] = wanted
        shapes.edge_width = [width * change for width in shapes.edge_width]
        shapes.events.edge_width()
        with shapes.block_update_properties():
            shapes.current_edge_width *= change

    def _wanted(self, shapes: Shapes) -> float:
        """Factor for the image in view: 1, or a power of the root of two below it."""
        viewer, answer = self._session.viewer, self._session.answer
        place = None if answer is None else current_place(viewer, answer.placement)
        if answer is None or place is None:
            return _factors.get(shapes, 1.0)
        width = np.max(box_widths(answer.result, answer.placement, [place]))
        on_screen = width * abs(shapes.scale[-1]) * camera_of(viewer).zoom
        steps = math.floor(2 * math.log2(max(on_screen / THINNED_FROM, 1.0)))
        return float(2.0 ** (-steps / 2))

"""Every image with the state of its landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import MaskArray
from napari_jcc.matching.landmarks import Landmarks
from napari_jcc.plugin.widgets.pick_table import PickTable

_COLUMNS = (
    ("image", "Click to see it"),
    ("placed", "Points that you placed, of all"),
    ("least sure", "Smallest confidence of the points found: look at the lowest first"),
)
_ALL_PLACED = 2.0
"""Sorts images without a found point behind all others."""


class LandmarkTable(PickTable):
    """One row per image, numbered by its place; those that need a look come first."""

    def __init__(self) -> None:
        super().__init__("Images", _COLUMNS, stretched=0)

    def show_shapes(self, shapes: Sequence[Landmarks]) -> None:
        """List images by the least confidence of their landmarks."""
        states = [_state(shape) for shape in shapes]
        order = sorted(range(len(shapes)), key=lambda place: (states[place][2], place))
        current = self.number(self.currentRow())
        self.blockSignals(True)
        self.setRowCount(len(shapes))
        for row, place in enumerate(order):
            placed, count, least = states[place]
            said = f"{least:.2f}" if least < _ALL_PLACED else ""
            self.fill_row(row, place, (shapes[place].image, f"{placed} of {count}", said))
        if current in order:
            self.setCurrentCell(order.index(current), 0)
        self.blockSignals(False)


def _state(shape: Landmarks) -> tuple[int, int, float]:
    """Count placed points and all points, and find the least confidence of the others."""
    there: MaskArray = np.asarray(np.isfinite(shape.points).all(axis=1))
    if shape.confidence is None:
        return int(there.sum()), len(there), _ALL_PLACED
    found = np.isfinite(shape.confidence)
    least = float(shape.confidence[found].min())
    return int((there & ~found).sum()), len(there), least

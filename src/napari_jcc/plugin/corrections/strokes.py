"""Records the pixels that a brush has passed over, changed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_jcc._types import FloatArray, MaskArray

_BRUSHES = ("paint", "erase")
_LEFT_BUTTON = 1


@dataclass(frozen=True)
class Stroke:
    """One pass of brush or eraser over one slice.

    Attributes
    ----------
    index
        Position along the axes before row and column.
    path : (K, 2) float64
        Rows and columns that the cursor was at, in pixels.
    radius
        Of the brush, in the smaller side of a pixel.
    sides
        Height and width of a pixel, the smaller one 1.
    label
        What was painted; 0: erased.
    """

    index: tuple[int, ...]
    path: FloatArray
    radius: float
    sides: tuple[float, float]
    label: int

    def under(self, shape: Sequence[int]) -> MaskArray:
        """Find the pixels under the stroke.

        Parameters
        ----------
        shape
            Height and width of the slice.

        Returns
        -------
        (H, W) bool
            Pixels whose centre is no further from the path than the radius.
        """
        found = np.zeros((shape[0], shape[1]), np.bool_)
        sides = np.array(self.sides)
        reach = np.ceil(self.radius / sides)
        path = self.path if len(self.path) > 1 else np.repeat(self.path, 2, axis=0)
        for start, end in pairwise(path):
            low = np.clip(np.floor(np.minimum(start, end) - reach), 0, shape).astype(int)
            high = np.ceil(np.maximum(start, end) + reach) + 1
            high = np.clip(high, 0, shape).astype(int)
            window = slice(low[0], high[0]), slice(low[1], high[1])
            points = np.moveaxis(np.mgrid[window], 0, -1)
            distance = _distance(points * sides, start * sides, end * sides)
            found[window] |= distance <= self.radius
        return found


class BrushTrail:
    """Follows brush and eraser on a Labels layer.

    napari tells of the pixels that a stroke changed. To paint over what is object already
    says something as well: that it is right.

    Parameters
    ----------
    layer
        That is painted on.
    ended
        Called after every stroke that was seen.

    """

    def __init__(self, layer: Labels, ended: Callable[[], None]) -> None:
        self._layer = layer
        self._ended = ended
        self._strokes: list[Stroke] = []
        self._is_pressed = False
        layer.mouse_drag_callbacks.append(self._follow)

    @property
    def is_down(self) -> bool:
        """Whether a stroke is under way: pixels of the layer change, but not for good."""
        # An outline that napari fills when it is closed; not before 0.9.
        outline = self._layer._overlays.get("brush_stroke")
        return self._is_pressed or (outline is not None and bool(outline.active))

    def stop(self) -> None:
        """Follow no longer."""
        if self._follow in self._layer.mouse_drag_callbacks:
            self._layer.mouse_drag_callbacks.remove(self._follow)

    def take(self) -> list[Stroke]:
        """Return the strokes since the last call."""
        strokes, self._strokes = self._strokes, []
        return strokes

    def _follow(self, layer: Labels, event: Any) -> Iterator[None]:
        """Collect where the cursor is from press to release, as napari calls it."""
        upright = list(event.dims_displayed) == [layer.ndim - 2, layer.ndim - 1]
        mode = str(layer.mode)
        if mode not in _BRUSHES or event.button != _LEFT_BUTTON or not upright:
            return
        label = 0 if mode == "erase" else int(layer.selected_label)
        places = [layer.world_to_data(event.position)]
        self._is_pressed = True
        try:
            yield
            while event.type == "mouse_move":
                places.append(layer.world_to_data(event.position))
                yield
        finally:
            self._is_pressed = False
            self._strokes.append(_as_stroke(layer, np.array(places), label))
            self._ended()


def _as_stroke(layer: Labels, places: FloatArray, label: int) -> Stroke:
    sides = np.abs(layer.scale[-2:]) / np.abs(layer.scale[-2:]).min()
    return Stroke(
        tuple(int(i) for i in np.rint(places[0, :-2])),
        places[:, -2:],
        # As napari: half a pixel more, so that a brush of 1 has its pixel.
        np.floor(layer.brush_size / 2) + 0.5,
        (float(sides[0]), float(sides[1])),
        label,
    )


def _distance(points: NDArray[Any], start: FloatArray, end: FloatArray) -> FloatArray:
    """Return the distance of points (..., 2) from the line between two points."""
    along = end - start
    length = float(along @ along)
    share = np.clip((points - start) @ along / length, 0, 1) if length else 0.0
    nearest = start + np.asarray(share)[..., None] * along
    return np.asarray(np.linalg.norm(points - nearest, axis=-1))

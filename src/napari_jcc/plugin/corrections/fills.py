"""Records the pixels that the fill and polygon tools covered, changed or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from napari_jcc._types import MaskArray


@dataclass(frozen=True)
class Region:
    """Pixels of one slice that were given a label at once.

    Attributes
    ----------
    index
        Position along the axes before row and column.
    mask : (H, W) bool
        The pixels, of the layer's whole height and width.
    label
        What was painted; 0: erased.
    """

    index: tuple[int, ...]
    mask: MaskArray
    label: int

    def under(self, shape: Sequence[int]) -> MaskArray:
        """Find the pixels in a slice of a height and width."""
        return self.mask[: shape[0], : shape[1]]


class RegionTrail:
    """Follows fill and polygon on a Labels layer, also the outline drawn with the brush.

    napari tells of pixels that changed, and of nothing where none did. Its tools call the
    layer's `fill` and `paint_polygon`, which this stands in for.

    Parameters
    ----------
    layer
        That is painted on.
    ended
        Called after every region that was seen.
    """

    def __init__(self, layer: Labels, ended: Callable[[], None]) -> None:
        self._layer = layer
        self._ended = ended
        self._regions: list[Region] = []
        self._own = {"fill": self._on_fill, "paint_polygon": self._on_polygon}
        self._napari = {name: getattr(layer, name) for name in self._own}
        for name, own in self._own.items():
            setattr(layer, name, own)

    def stop(self) -> None:
        """Follow no longer."""
        for name, own in self._own.items():
            if vars(self._layer).get(name) == own:
                delattr(self._layer, name)

    def take(self) -> list[Region]:
        """Return the regions since the last call."""
        regions, self._regions = self._regions, []
        return regions

    def _on_fill(
        self, coord: Sequence[float], new_label: int, refresh: bool = True
    ) -> None:
        index, place = _split(coord)
        # Elsewhere all pixels change, which the layer tells.
        if self._is_upright() and not self._is_known(index, place, new_label):
            mask = _alike(self._layer, index, place, new_label)
            self._add(index, mask, new_label)
        self._napari["fill"](coord, new_label, refresh)

    def _on_polygon(self, points: NDArray[Any] | list[Any], new_label: int) -> None:
        if self._is_upright():
            corners = np.array(points, int)
            rows, columns = self._layer.data.shape[-2:]
            mask = _inside(corners[:, -2:], (rows, columns))
            self._add(tuple(corners[0, :-2].tolist()), mask, new_label)
        self._napari["paint_polygon"](points, new_label)

    def _add(self, index: tuple[int, ...], mask: MaskArray | None, label: int) -> None:
        if mask is not None and mask.any():
            self._regions.append(Region(index, mask, int(label)))
            self._ended()

    def _is_known(self, index: tuple[int, ...], place: tuple[int, int], label: int) -> bool:
        """Whether the last region holds the place; dragging fills again at every step."""
        if not self._regions:
            return False
        last = self._regions[-1]
        return (last.index, last.label) == (index, label) and bool(last.mask[place])

    def _is_upright(self) -> bool:
        """Whether rows and columns are what is in view and painted on."""
        order = self._layer._slice_input.order
        upright = set(order[-2:]) == {self._layer.ndim - 2, self._layer.ndim - 1}
        return self._layer.n_edit_dimensions == 2 and upright


def _split(coord: Sequence[float]) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Position of a point along the leading axes, and its row and column."""
    *index, row, column = (round(float(value)) for value in coord)
    return tuple(index), (row, column)


def _alike(
    layer: Labels, index: tuple[int, ...], place: tuple[int, int], label: int
) -> MaskArray | None:
    """Pixels that a fill is about, where it changes none as they have the label already."""
    sizes = layer.data.shape
    if any(not 0 <= i < n for i, n in zip((*index, *place), sizes, strict=True)):
        return None
    labels = np.asarray(layer.data[index])
    if labels[place] != label:
        return None
    alike: MaskArray = labels == label
    if layer.contiguous:
        pieces, _ = ndimage.label(alike)
        alike = np.asarray(pieces == pieces[place])
    return alike


def _inside(corners: NDArray[np.int_], shape: tuple[int, int]) -> MaskArray:
    """Pixels of a polygon with its border, as napari draws it."""
    picture = Image.new("L", (shape[1], shape[0]))
    points = [(int(x), int(y)) for y, x in corners]
    ImageDraw.Draw(picture).polygon(points, outline=1, fill=1)
    return np.asarray(picture, bool)

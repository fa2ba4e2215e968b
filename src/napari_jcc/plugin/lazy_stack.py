"""Images and labels that are drawn slice by slice, when they are looked at."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_jcc.plugin.placement import Placement


def lazy_stack(
    draw: Callable[[int], NDArray[np.generic] | None],
    placement: Placement,
    dtype: DTypeLike,
    channels: tuple[int, ...] = (),
) -> da.Array:
    """Return lazy data of an Image layer, of ``(*placement.shape, *channels)``.

    Parameters
    ----------
    draw
        Image (H, W, *channels) by its place; None: nothing is there, as beyond an image.
    placement
        Where the images lie.
    dtype
        Of the data.
    channels
        Empty, or the number of channels.
    """
    places = {slot: place for place, slot in enumerate(placement.slots)}

    def draw_slice(block_id: tuple[int, ...]) -> NDArray[np.generic]:
        padded = np.zeros((1, *placement.canvas, *channels), dtype)
        place = places.get(block_id[0])
        drawn = None if place is None else draw(place)
        if drawn is not None:
            padded[0, : drawn.shape[0], : drawn.shape[1]] = drawn
        return padded

    lengths = ((length,) for length in (*placement.canvas, *channels))
    stack: da.Array = da.map_blocks(
        draw_slice,
        chunks=((1,) * placement.slices, *lengths),
        dtype=dtype,
        meta=np.empty((0,) * (3 + len(channels)), dtype),
        # The name need not tell the content: to hash that would be to read it.
        name=f"napari-jcc-{uuid4().hex}",
    )
    reshaped: da.Array = stack.reshape(*placement.shape, *channels)
    return reshaped


class LazyLabels:
    """Stands for the data of a Labels layer and keeps no pixel.

    A dask array would do the same, but napari keeps slices of it: what is drawn here may
    be another thing at the next look.

    Parameters
    ----------
    placement
        Where the images lie.
    draw
        Labels (H, W) of an image in its own size, by its place; None: no labels.
    dtype
        Of the labels.
    """

    def __init__(
        self,
        placement: Placement,
        draw: Callable[[int], NDArray[Any] | None],
        dtype: type[np.integer[Any]] = np.uint8,
    ) -> None:
        self.dtype = np.dtype(dtype)
        self._placement = placement
        self._draw = draw
        self._places = {slot: place for place, slot in enumerate(placement.slots)}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the layer."""
        return self._placement.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Draw the slices that `index` asks for, and return that part of them."""
        index = _complete(index, self.ndim)
        leading = self._placement.leading
        slots = np.arange(self._placement.slices).reshape(leading)
        chosen = np.asarray(slots[index[: len(leading)]])
        inner = index[len(leading) :]
        planes = [self._plane(int(slot))[inner] for slot in chosen.ravel()]
        if not planes:
            empty = np.zeros(self._placement.canvas, self.dtype)[inner]
            return np.zeros(chosen.shape + empty.shape, self.dtype)
        return np.stack(planes).reshape(chosen.shape + planes[0].shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Draw everything, as for saving the layer."""
        return self[...].astype(dtype or self.dtype, copy=False)

    def _plane(self, slot: int) -> NDArray[Any]:
        plane = np.zeros(self._placement.canvas, self.dtype)
        place = self._places.get(slot)
        drawn = None if place is None else self._draw(place)
        if drawn is not None:
            plane[: drawn.shape[0], : drawn.shape[1]] = drawn
        return plane


def _complete(index: Any, ndim: int) -> tuple[Any, ...]:
    """Index with one entry per axis."""
    index = index if isinstance(index, tuple) else (index,)
    position = next((i for i, part in enumerate(index) if part is Ellipsis), None)
    if position is None:
        return (*index, *[slice(None)] * (ndim - len(index)))
    missing = ndim - len(index) + 1
    return (*index[:position], *[slice(None)] * missing, *index[position + 1 :])

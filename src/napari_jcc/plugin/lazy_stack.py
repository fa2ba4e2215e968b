"""Images that are drawn slice by slice, when they are looked at."""

from __future__ import annotations

from collections.abc import Callable
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

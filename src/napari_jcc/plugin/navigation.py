"""The image in view, and how to bring another one there."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Layer, Points

from napari_jcc._types import FloatArray
from napari_jcc.plugin.placement import PLACEMENT_KEY, Placement


def camera_of(viewer: Any) -> Any:
    """Return the camera of a viewer, which before napari 0.9 was the viewer's own."""
    return getattr(viewer, "scene", viewer).camera


def current_place(viewer: Any, placement: Placement) -> int | None:
    """Return the place of the image in view; None where the sliders are at none."""
    slot = current_slot(viewer, placement, find_layer(viewer, placement))
    return placement.slots.index(slot) if slot in placement.slots else None


def current_slot(viewer: Any, placement: Placement, layer: Layer) -> int:
    """Return the slice in view, of those of a layer that lies there; -1 beyond them."""
    entries = _position(viewer, layer)[: len(placement.leading)]
    (slot,) = placement.slots_at(entries[np.newaxis]).tolist()
    return int(slot)


def go_to(viewer: Any, placement: Placement, place: int) -> None:
    """Bring the image at `place` into view."""
    layer = find_layer(viewer, placement)
    position = _position(viewer, layer)
    wanted = np.array(placement.index_of(placement.slots[place]), float)
    # At an entry with several steps, as an image with channels has, the step stays.
    away = np.flatnonzero(np.rint(position[: len(wanted)]) != wanted)
    if away.size:
        position[away] = wanted[away]
        world, first = layer.data_to_world(position), viewer.dims.ndim - layer.ndim
        axes = [int(axis) for axis in away]
        viewer.dims.set_point([first + i for i in axes], [world[i] for i in axes])


def _position(viewer: Any, layer: Layer) -> FloatArray:
    """Where the sliders are, in the layer's pixels: others may have set their steps."""
    # A layer of more axes than the viewer has is not in it.
    missing = (0.0,) * (layer.ndim - viewer.dims.ndim)
    return np.asarray(layer.world_to_data((*missing, *viewer.dims.point)), float)


def find_layer(viewer: Any, placement: Placement) -> Layer:
    """Return the layer that lies there; one of no content where there is none yet."""
    for layer in viewer.layers:
        if layer.metadata.get(PLACEMENT_KEY) is placement:
            return layer
    return Points(ndim=len(placement.shape), **placement.transform)

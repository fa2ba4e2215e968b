"""What the axes of a layer before row and column count: images, or channels of one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from napari_jcc.collection import ImageCollection
from napari_jcc.plugin.placement import METADATA_KEY

if TYPE_CHECKING:
    from napari.layers import Image, Layer

Role = Literal["images", "channels"]

AXES_KEY = "napari_jcc_axes"
"""Where a layer keeps the roles that the user gave to its axes."""

_CHANNEL_NAMES = ("c", "ch", "channel", "channels")


def list_axes(layer: Layer) -> tuple[tuple[str, int], ...]:
    """Names and lengths of the axes before row and column; none for a plain set of ours."""
    kept = layer.metadata.get(METADATA_KEY)
    if isinstance(kept, ImageCollection) and kept.axes is None:
        return ()
    shape = layer.data[0].shape if layer.multiscale else layer.data.shape
    count = layer.ndim - 2
    return tuple((str(layer.axis_labels[i]), int(shape[i])) for i in range(count))


def axis_roles(layer: Layer) -> tuple[Role, ...]:
    """Roles of these axes: as the user said, else by their names."""
    axes = list_axes(layer)
    given: tuple[Role, ...] = tuple(layer.metadata.get(AXES_KEY, ()))
    if len(given) == len(axes):
        return given
    named = [i for i, (name, _) in enumerate(axes) if name.lower() in _CHANNEL_NAMES]
    channel = named[0] if len(named) == 1 else -1
    return tuple("channels" if i == channel else "images" for i in range(len(axes)))


def set_axis_role(layer: Layer, axis: int, role: Role) -> None:
    """Take an axis for images or channels; one axis at most is that of the channels."""
    roles = list(axis_roles(layer))
    if role == "channels":
        roles = ["images"] * len(roles)
    roles[axis] = role
    layer.metadata[AXES_KEY] = tuple(roles)


def channel_axis(layer: Layer) -> int | None:
    """Return the axis whose entries are channels of one image."""
    roles = axis_roles(layer)
    return roles.index("channels") if "channels" in roles else None


def count_images(layer: Image) -> int:
    """Return how many images a layer holds."""
    axes = list_axes(layer)
    if not axes:
        kept = layer.metadata.get(METADATA_KEY)
        return len(kept) if isinstance(kept, ImageCollection) else 1
    lengths = zip(axes, axis_roles(layer), strict=True)
    return math.prod(length for (_, length), role in lengths if role == "images")

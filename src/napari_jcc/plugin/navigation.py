"""The image in view, and how to bring another one there."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_jcc.plugin.placement import Placement


def current_place(viewer: Any, placement: Placement) -> int | None:
    """Return the place of the image in view; None where the sliders are at none."""
    first = _first_axis(viewer, placement)
    step = viewer.dims.current_step[first : first + len(placement.leading)]
    if len(step) < len(placement.leading):
        return None
    inside = all(0 <= i < n for i, n in zip(step, placement.leading, strict=True))
    if not inside:
        return None
    slot = int(np.ravel_multi_index(step, placement.leading)) if step else 0
    return placement.slots.index(slot) if slot in placement.slots else None


def go_to(viewer: Any, placement: Placement, place: int) -> None:
    """Bring the image at `place` into view."""
    first = _first_axis(viewer, placement)
    position = placement.index_of(placement.slots[place])
    axes = range(first, first + len(position))
    if tuple(viewer.dims.current_step[a] for a in axes) != position:
        viewer.dims.set_current_step(list(axes), list(position))


def _first_axis(viewer: Any, placement: Placement) -> int:
    """First of the viewer's axes that a layer with this placement has."""
    return max(0, int(viewer.dims.ndim) - len(placement.shape))

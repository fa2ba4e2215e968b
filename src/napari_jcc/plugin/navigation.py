"""The image in view, and how to bring another one there."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_jcc.plugin.placement import Placement


def current_place(viewer: Any, placement: Placement) -> int | None:
    """Return the place of the image in view; None where the sliders are at none."""
    entries = _entries(viewer, placement)
    if len(entries) < len(placement.leading):
        return None
    (slot,) = placement.slots_at(np.array([entries], int)).tolist()
    return placement.slots.index(slot) if slot in placement.slots else None


def go_to(viewer: Any, placement: Placement, place: int) -> None:
    """Bring the image at `place` into view."""
    first = _first_axis(viewer, placement)
    position = placement.index_of(placement.slots[place])
    moved = [
        (first + axis, wanted * span)
        for axis, (wanted, now, span) in enumerate(
            zip(position, _entries(viewer, placement), _spans(placement), strict=True)
        )
        if wanted != now
    ]
    if moved:
        axes, steps = zip(*moved, strict=True)
        viewer.dims.set_current_step(list(axes), list(steps))


def _entries(viewer: Any, placement: Placement) -> tuple[int, ...]:
    """Entries of the leading axes that the sliders are at."""
    first = _first_axis(viewer, placement)
    steps = viewer.dims.current_step[first : first + len(placement.leading)]
    return tuple(
        int(step) // span for step, span in zip(steps, _spans(placement), strict=False)
    )


def _spans(placement: Placement) -> tuple[int, ...]:
    return placement.spans or (1,) * len(placement.leading)


def _first_axis(viewer: Any, placement: Placement) -> int:
    """First of the viewer's axes that a layer with this placement has."""
    return max(0, int(viewer.dims.ndim) - len(placement.shape))

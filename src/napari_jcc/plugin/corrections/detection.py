"""Detects in changed layers what the user has drawn, moved or undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.interaction import Edit, EditKind, Edits, ImageKey
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.rectangles import boxes_by_slot

_LEAST_SHARED = 0.5
"""Share of a stroke's pixels that must change for it to count as undone or redone. The
others may not change, because the computed masks have changed in between."""


def history_step(
    edits: Edits,
    key: ImageKey,
    differs: MaskArray,
    visible: Mapping[Edit, int] | None = None,
) -> Edits | None:
    """Detect whether pixels changed because a stroke was undone or redone.

    Parameters
    ----------
    edits
        The journal.
    key
        The image.
    differs : (H, W) bool
        Pixels that changed without a brush.
    visible
        Number of pixels whose label a stroke changed, for strokes seen in this session;
        its other pixels were only confirmed. Strokes that changed none are not in napari's
        history, and are undone together with the stroke before.

    Returns
    -------
    Edits or None
        The journal after that undo or redo; None if the pixels are not those of a stroke.
    """
    visible = visible or {}
    undone = edits.undo(key)
    while undone is not edits and not visible.get(undone.undone[-1], 1):
        further = undone.undo(key)
        if further is undone:
            break
        undone = further
    for step in (undone, edits.redo(key)):
        if step is not edits and _fits(edits, step, differs, visible):
            return step
    return None


def _fits(
    edits: Edits,
    step: Edits,
    differs: MaskArray,
    visible: Mapping[Edit, int],
) -> bool:
    """Whether the pixels that changed are those of the stroke undone or redone."""
    entry = step.undone[-1] if len(step) < len(edits) else step.entries[-1]
    if entry.kind is not EditKind.PAINT:
        return False  # napari's history knows strokes only
    stroke = entry.painted
    expected = visible.get(entry, int(stroke.sum()))
    inside = expected > 0 and not (differs & ~stroke).any()
    return inside and int(differs.sum()) >= _LEAST_SHARED * expected


def find_drawn_boxes(
    shapes: Sequence[NDArray[np.generic]],
    former: Sequence[NDArray[np.generic]],
    placement: Placement,
) -> dict[int, Float32Array | None]:
    """Find the images whose box differs from the one that was written.

    Parameters
    ----------
    shapes
        Data of the Shapes layer now.
    former
        Data of the Shapes layer as it was written.
    placement
        Where the images lie.

    Returns
    -------
    dict
        Box (4,) ``xyxy`` by place of the image, the one drawn last where there are
        several; None where it was deleted.
    """
    if len(shapes) == len(former) and all(map(np.array_equal, shapes, former)):
        return {}
    now, before = boxes_by_slot(shapes, placement), boxes_by_slot(former, placement)
    places = {slot: place for place, slot in enumerate(placement.slots)}
    found: dict[int, Float32Array | None] = {}
    for slot in sorted((now.keys() | before.keys()) & places.keys()):
        boxes, known = now.get(slot, []), before.get(slot, [])
        fresh = [box for box in boxes if not any(np.array_equal(box, k) for k in known)]
        if fresh:
            found[places[slot]] = fresh[-1]
        elif not boxes:
            found[places[slot]] = None
    return found

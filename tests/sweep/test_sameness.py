"""A sweep that changes nothing to see says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.sweep import Grid, SweepPoint, SweepTable, describe_sameness
from napari_jcc.sweep.masks import PackedMasks

BLOCK = np.zeros((100, 100), bool)
BLOCK[:50] = True
PIXEL_LESS = BLOCK.copy()
PIXEL_LESS[0, 0] = False  # of 5000: overlap .9998
ROW_LESS = BLOCK.copy()
ROW_LESS[0] = False


def table(*masks: np.ndarray | None, refinement: str = "grabcut") -> SweepTable:
    base = apply_overrides(get_preset("fast"), {"decode.refinement": refinement})
    found = SweepTable(Grid.build(base, {"problem.nu": [1, 2, 3][: len(masks)]}))
    for place, mask in enumerate(masks):
        packed = PackedMasks.pack([] if mask is None else [("a", mask)])
        found.add(
            [
                SweepPoint(
                    found.key((place,)),
                    found.grid.parameters((place,)),
                    (place,),
                    masks=packed,
                    error="" if mask is not None else "failed",
                    boxes={} if mask is None else {"a": np.array([0, 0, 9, 9])},
                )
            ]
        )
    return found


def test_equal_masks_are_told_with_what_hides_the_difference():
    said = describe_sameness(table(BLOCK, BLOCK, BLOCK))
    assert said.startswith("All 3 points give the same masks.")
    assert "(grabcut)" in said
    assert "decode.refinement to none" in said


def test_where_nothing_is_redrawn_only_other_values_are_advised():
    said = describe_sameness(table(BLOCK, PIXEL_LESS, refinement="none"))
    assert said.startswith("All 2 points give nearly the same masks.")
    assert "refinement" not in said
    assert "superpixels.count" in said


@pytest.mark.parametrize(
    "masks", [(BLOCK, BLOCK, ROW_LESS), (BLOCK,), (None, None), (BLOCK, None)]
)
def test_nothing_is_said_where_masks_differ_or_nothing_can_be_compared(masks):
    assert not describe_sameness(table(*masks))


def test_nothing_is_said_where_the_same_masks_are_other_objects():
    found = table(BLOCK, BLOCK)
    one, two = found.points
    found.add([replace(one, objects={"a": np.zeros((1, 4), np.float32)})])
    found.add([replace(two, objects={"a": np.zeros((2, 4), np.float32)})])
    assert not describe_sameness(found)

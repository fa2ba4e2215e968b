"""Packed masks are the masks."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given

from napari_jcc.sweep import PackedMasks
from napari_jcc.sweep.masks import PackedNumbers

sizes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)
masks = hnp.arrays(bool, sizes)
numbered = hnp.arrays(hnp.unsigned_integer_dtypes(), sizes)


@given(masks)
def test_packing_loses_nothing(mask):
    packed = PackedMasks.pack([("a", mask)])
    assert packed["a"].dtype == bool
    np.testing.assert_array_equal(packed["a"], mask)


@given(numbered)
def test_packing_keeps_the_numbers_of_objects(numbers):
    packed = PackedNumbers.pack(numbers)
    np.testing.assert_array_equal(packed.unpack(), numbers)


def test_iou_by_hand_over_the_images_that_both_have():
    one, two = np.zeros((3, 5), bool), np.zeros((3, 5), bool)
    one[0, :4] = True
    two[0, 2:] = True
    empty = np.zeros((2, 2), bool)
    first = PackedMasks.pack([("a", one), ("b", empty), ("c", one)])
    second = PackedMasks.pack([("b", empty), ("a", two)])
    # Two of five pixels; two empty masks agree.
    assert first.mean_iou(second) == pytest.approx((2 / 5 + 1) / 2)
    assert first.mean_iou(PackedMasks({})) is None
    assert list(first) == ["a", "b", "c"]


def test_masks_take_little_memory():
    rows, columns = np.mgrid[:1000, :1000]
    packed = PackedMasks.pack([("a", np.hypot(rows - 500, columns - 500) < 300)])
    assert len(packed.packed["a"].data) < 20_000

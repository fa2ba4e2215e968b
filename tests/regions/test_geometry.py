"""Boxes against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.regions import box_iou, largest_piece, mask_extent

boxes = st.lists(st.integers(0, 20), min_size=4, max_size=4).map(np.array)


def test_box_iou_by_hand():
    ours = np.array([[0, 0, 4, 4], [10, 10, 12, 12]])
    others = np.array([[0, 0, 4, 4], [2, 2, 6, 6], [4, 0, 8, 4]])
    # 2 x 2 shared of 16 + 16 - 4; boxes that only touch share nothing.
    expected = [[1, 4 / 28, 0], [0, 0, 0]]
    np.testing.assert_allclose(box_iou(ours[:, None], others), expected)
    np.testing.assert_allclose(box_iou(ours[0], others), expected[0])


@pytest.mark.parametrize("box", [[np.nan] * 4, [1, 1, 1, 3], [3, 3, 1, 1]])
def test_box_without_answer_or_area_scores_zero(box):
    assert box_iou(np.array(box), np.array([[0, 0, 4, 4], box])).tolist() == [0, 0]


@given(boxes, boxes)
def test_box_iou_is_symmetric_and_a_share(one, other):
    assert box_iou(one, other) == box_iou(other, one)
    assert 0 <= box_iou(one, other) <= 1


def test_the_extent_of_a_mask_and_the_box_of_its_largest_piece():
    mask = np.zeros((9, 12), bool)
    assert mask[mask_extent(mask)].size == 0
    mask[2, 3] = True
    mask[5:8, 6:10] = True
    assert mask_extent(mask) == (slice(2, 8), slice(3, 10))
    # x 6 to 10, y 5 to 8: half-open.
    np.testing.assert_array_equal(largest_piece(mask), [6, 5, 10, 8])

"""Metrics against values worked out by hand."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.errors import InputError
from napari_jcc.evaluation import (
    best_iou,
    box_iou,
    jaccard,
    pixel_accuracy,
)

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6))
pairs = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(
    lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape))
)


def as_mask(*rows: str) -> np.ndarray:
    return np.array([[letter == "#" for letter in row] for row in rows])


MASK = as_mask("##..", "##..")
TRUTH = as_mask(".##.", ".##.")


def test_accuracy_by_hand():
    # The outer columns are wrong and right, the second is right, the third is wrong.
    assert pixel_accuracy(MASK, TRUTH) == 0.5


def test_jaccard_by_hand():
    # Two pixels in both, six in either.
    assert jaccard(MASK, TRUTH) == pytest.approx(2 / 6)


def test_two_empty_masks_agree():
    empty = np.zeros((2, 3), bool)
    assert jaccard(empty, empty) == 1.0
    assert jaccard(empty, ~empty) == 0.0


@pytest.mark.parametrize("metric", [jaccard, pixel_accuracy])
def test_masks_must_match_and_have_pixels(metric):
    with pytest.raises(InputError, match=r"\(2, 4\).*\(4, 2\)"):
        metric(MASK, TRUTH.T)
    with pytest.raises(InputError, match="no pixels"):
        metric(np.zeros((0, 3), bool), np.zeros((0, 3), bool))


@given(pairs)
def test_jaccard_is_symmetric_and_a_share(pair):
    one, other = pair
    assert jaccard(one, other) == jaccard(other, one)
    assert 0 <= jaccard(one, other) <= 1
    assert 0 <= pixel_accuracy(one, other) <= 1


@given(masks)
def test_equal_masks_score_one(mask):
    assert jaccard(mask, mask) == 1
    assert pixel_accuracy(mask, mask) == 1
    assert pixel_accuracy(mask, ~mask) == 0


def test_box_iou_by_hand():
    boxes = [[0, 0, 4, 4], [10, 10, 12, 12]]
    others = [[0, 0, 4, 4], [2, 2, 6, 6], [4, 0, 8, 4]]
    # 2 x 2 shared of 16 + 16 - 4; boxes that only touch share nothing.
    expected = [[1, 4 / 28, 0], [0, 0, 0]]
    np.testing.assert_allclose(box_iou(boxes, others), expected)


def test_box_without_answer_or_area_scores_zero():
    boxes = [[np.nan] * 4, [1, 1, 1, 3], [3, 3, 1, 1]]
    np.testing.assert_array_equal(box_iou(boxes, [[0, 0, 4, 4]]), np.zeros((3, 1)))
    assert box_iou(np.zeros((0, 4)), [[0, 0, 4, 4]]).shape == (0, 1)


def test_the_best_of_several_objects_counts():
    assert best_iou([0, 0, 10, 5], [[0, 0, 10, 10]]) == 0.5
    assert best_iou([20, 20, 30, 30], [[0, 0, 9, 9], [20, 20, 30, 31]]) == 100 / 110
    assert best_iou([0, 0, 1, 1], np.zeros((0, 4))) == 0


boxes = st.lists(st.integers(0, 20), min_size=4, max_size=4)


@given(boxes, boxes)
def test_box_iou_is_symmetric_and_a_share(one, other):
    forth, back = box_iou(one, other)[0, 0], box_iou(other, one)[0, 0]
    assert forth == back
    assert 0 <= forth <= 1


@given(
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_box_iou_is_the_jaccard_of_filled_boxes(corner, size):
    box = np.array([*corner, corner[0] + size[0], corner[1] + size[1]])
    other = np.array([3, 4, 9, 11])
    rows, columns = np.mgrid[:20, :20]

    def fill(b):
        return (columns >= b[0]) & (columns < b[2]) & (rows >= b[1]) & (rows < b[3])

    assert box_iou(box, other)[0, 0] == pytest.approx(jaccard(fill(box), fill(other)))

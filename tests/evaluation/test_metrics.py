"""Metrics against values worked out by hand."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.errors import InputError
from napari_jcc.evaluation import (
    best_iou,
    boundary_f,
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


@pytest.mark.parametrize("metric", [jaccard, pixel_accuracy, boundary_f])
@pytest.mark.parametrize(
    "change", [lambda mask: mask * np.uint8(255), lambda mask: mask * 1.0]
)
def test_masks_that_are_not_boolean_are_refused(metric, change):
    assert metric(MASK, MASK) == 1
    with pytest.raises(InputError, match="must be boolean"):
        metric(MASK, change(MASK))
    with pytest.raises(InputError, match="must be boolean"):
        metric(change(MASK), MASK)


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


def test_the_best_of_several_objects_counts():
    assert best_iou([0, 0, 10, 5], [[0, 0, 10, 10]]) == 0.5
    assert best_iou([20, 20, 30, 30], [[0, 0, 9, 9], [20, 20, 30, 31]]) == 100 / 110
    assert best_iou([0, 0, 1, 1], np.zeros((0, 4))) == 0
    ours = [[20, 20, 30, 30], [0, 0, 10, 5], [0, 0, 1, 1]]
    assert best_iou(ours, [[0, 0, 10, 10], [50, 50, 60, 60]]) == 0.5


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

    assert best_iou(box, [other]) == pytest.approx(jaccard(fill(box), fill(other)))

"""Outlines by hand, and what holds for all of them."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.errors import InputError
from napari_jcc.evaluation import boundary_f
from napari_jcc.evaluation.metrics import find_outline

pairs = hnp.array_shapes(min_dims=2, max_dims=2, max_side=7).flatmap(
    lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape))
)


def rectangle(top, left, bottom, right, shape=(20, 30)):
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    return mask


def test_outline_leaves_out_the_inside_and_the_edge_of_the_picture():
    # The object fills the lower left corner: only its upper row and right column face
    # something else.
    outline = find_outline(rectangle(15, 0, 20, 5))
    expected = rectangle(15, 0, 16, 5) | rectangle(15, 4, 20, 5)
    np.testing.assert_array_equal(outline, expected)


def test_f_by_hand():
    # A bar one pixel high is all outline.
    answer, truth = rectangle(5, 3, 6, 15), rectangle(6, 6, 7, 14)
    # Straight below: columns 6 to 13 of 3 to 14.
    precision, recall = 8 / 12, 8 / 8
    expected = 2 * precision * recall / (precision + recall)
    assert boundary_f(answer, truth, tolerance=1) == pytest.approx(expected)
    # The corner columns 5 and 14 are the square root of 2 away.
    precision = 10 / 12
    expected = 2 * precision * recall / (precision + recall)
    assert boundary_f(answer, truth, tolerance=1.5) == pytest.approx(expected)
    assert boundary_f(answer, truth, tolerance=0) == 0


def test_default_tolerance_is_a_share_of_the_diagonal_rounded_up():
    # The diagonal of 320 x 213 is 384.4, of which .75 % are 2.88.
    shape = (213, 320)
    truth = rectangle(100, 50, 101, 250, shape)
    assert boundary_f(np.roll(truth, 3, axis=0), truth) == 1
    assert boundary_f(np.roll(truth, 4, axis=0), truth) == 0


def test_masks_without_outline():
    empty, full = np.zeros((4, 5), bool), np.ones((4, 5), bool)
    assert boundary_f(empty, empty) == boundary_f(full, full) == 1
    assert boundary_f(empty, full) == 0
    assert boundary_f(rectangle(1, 1, 3, 3, (4, 5)), empty) == 0


def test_bad_input_is_refused():
    with pytest.raises(InputError, match=r"\(2, 3\).*\(3, 2\)"):
        boundary_f(np.zeros((2, 3), bool), np.zeros((3, 2), bool))
    with pytest.raises(InputError, match="at least 0 pixels, got -1"):
        boundary_f(np.zeros((2, 3), bool), np.zeros((2, 3), bool), tolerance=-1)


@given(pairs, st.integers(0, 4))
def test_f_is_symmetric_a_share_and_grows_with_the_tolerance(pair, tolerance):
    one, other = pair
    value = boundary_f(one, other, tolerance)
    assert value == pytest.approx(boundary_f(other, one, tolerance))
    assert 0 <= value <= boundary_f(one, other, tolerance + 1) <= 1
    assert boundary_f(one, one, tolerance) == 1

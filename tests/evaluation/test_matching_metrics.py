"""PCK and flow accuracy, worked by hand."""

import numpy as np
import pytest

from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.metrics import (
    flow_accuracy,
    longer_side,
    pck,
    point_errors,
    to_reference,
)


def test_errors_are_distances_and_no_answer_is_never_right():
    errors = point_errors([[3, 4], [np.nan, 0], [1, 1]], [[0, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(errors, [5, np.inf, 0])
    assert pck(errors, 1, 1e9) == pytest.approx(2 / 3)


def test_pck_counts_the_tolerance_itself_as_right():
    # Tolerance .1 x 50 = 5.
    assert pck([5.0, 5.01, 0.0, 50.0], 0.1, 50) == 0.5


@pytest.mark.parametrize(("errors", "length"), [([], 1), ([1.0], 0), ([1.0], np.nan)])
def test_pck_of_nothing_or_of_no_size_is_an_error(errors, length):
    with pytest.raises(InputError, match="positive tolerance"):
        pck(errors, 0.1, length)


def test_points_of_other_number_are_an_error():
    with pytest.raises(InputError, match=r"\(2, 2\).*\(1, 2\)"):
        point_errors([[0, 0], [1, 1]], [[0, 0]])


def test_box_side_and_reference_size():
    assert longer_side([[1, 2], [4, 12], [3, 3]]) == 10
    # An image of 448 x 112 (width x height): x is halved, y doubled.
    np.testing.assert_allclose(to_reference([[100, 10]], (112, 448)), [[50, 20]])


def test_flow_accuracy_by_hand():
    # Tolerance is 5 % of max(40, 100) = 5 pixels; the third pixel has no truth.
    truth = np.zeros((1, 4, 2), np.float32)
    flow = np.array([[[5, 0], [0, 5.1], [90, 90], [3, 4]]], np.float32)
    known = np.array([[True, True, False, True]])
    assert flow_accuracy(flow, truth, known, (40, 100)) == pytest.approx(2 / 3)


def test_flow_without_truth_or_of_other_size_is_an_error():
    flow = np.zeros((2, 2, 2), np.float32)
    with pytest.raises(InputError, match="no known pixel"):
        flow_accuracy(flow, flow, np.zeros((2, 2), bool), (2, 2))
    with pytest.raises(InputError, match="one image"):
        flow_accuracy(flow[:1], flow, np.ones((2, 2), bool), (2, 2))

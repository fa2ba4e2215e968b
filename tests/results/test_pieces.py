"""Pieces of a mask, and specks that are cleared away."""

import numpy as np
import pytest

from napari_jcc.results.pieces import clear_specks, drop_pieces


def test_small_pieces_go_by_their_share_of_the_largest():
    mask = np.zeros((8, 20), bool)
    mask[1:6, 0:2] = True  # 10 pixels
    mask[0, 5:8] = True  # 3
    mask[7, 10] = mask[6, 11] = True  # 2, touching at a corner
    areas = [int(drop_pieces(mask, share).sum()) for share in (0.1, 0.3, 0.31, 1.0)]
    assert areas == [15, 13, 10, 10]
    nothing = np.zeros((3, 3), bool)
    np.testing.assert_array_equal(drop_pieces(nothing, 1.0), nothing)


def test_equal_pieces_are_all_largest():
    mask = np.zeros((5, 9), bool)
    mask[1:3, 1:3] = mask[1:3, 6:8] = True
    np.testing.assert_array_equal(drop_pieces(mask, 1.0), mask)


@pytest.fixture
def speckled():
    """A square of 900 pixels on 60 x 60 with a hole and a speck of 8 each."""
    mask = np.zeros((60, 60), bool)
    mask[5:35, 5:35] = True
    mask[12:14, 12:16] = False
    mask[50:52, 50:54] = True
    return mask


def test_specks_go_and_holes_as_small_are_filled(speckled):
    cleared = clear_specks(speckled)
    assert cleared.sum() == 900
    assert cleared[5:35, 5:35].all()
    np.testing.assert_array_equal(clear_specks(cleared), cleared)


def test_what_is_a_hundredth_of_the_object_stays(speckled):
    speckled[52, 50] = True  # 9 pixels; the object has 892 yet
    speckled[14, 12:14] = False  # 10, of 890 + 9
    np.testing.assert_array_equal(clear_specks(speckled), speckled)


def test_pieces_with_a_mark_stay_however_small(speckled):
    rest, object_ = np.zeros((2, *speckled.shape), bool)
    rest[13, 13] = object_[51, 51] = True
    np.testing.assert_array_equal(clear_specks(speckled, (rest, object_)), speckled)
    # Marks of the other kind do not hold them.
    assert clear_specks(speckled, (object_, rest)).sum() == 900


@pytest.mark.parametrize("whole", [False, True])
def test_images_of_one_piece_stay(whole):
    mask = np.full((4, 5), whole)
    np.testing.assert_array_equal(clear_specks(mask), mask)

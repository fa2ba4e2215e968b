"""Where a mask may follow strokes, and where it stays."""

import numpy as np

from napari_jcc.interaction.edit import BACKGROUND, OBJECT
from napari_jcc.interaction.holding import hold_elsewhere

BEFORE = np.zeros((20, 40), bool)
BEFORE[5:15, 5:35] = True


def test_strokes_of_one_kind_change_the_mask_near_them_only():
    marks = np.zeros(BEFORE.shape, np.uint8)
    marks[8:12, 31:35] = BACKGROUND  # 16 pixels: up to 2.8 from them
    held = hold_elsewhere(np.zeros_like(BEFORE), BEFORE, marks)
    columns = held[9]
    assert columns[5:29].all()
    assert not columns[29:].any()
    # Ten times the area reaches three times as far.
    marks[5:15, 19:35] = BACKGROUND
    assert not hold_elsewhere(np.zeros_like(BEFORE), BEFORE, marks)[9, 11:].any()


def test_many_strokes_of_both_kinds_change_what_hangs_together_with_one():
    marks = np.zeros(BEFORE.shape, np.uint8)
    marks[9, [30, 33]], marks[9, 10] = BACKGROUND, OBJECT
    wanted = BEFORE.copy()
    wanted[:, 20:35] = False  # all of it, however far
    wanted[0:3, 36:40] = True  # apart from any stroke
    expected = wanted.copy()
    expected[0:3, 36:40] = False
    np.testing.assert_array_equal(hold_elsewhere(wanted, BEFORE, marks), expected)
    marks[9, 30] = 0  # one of each kind
    assert hold_elsewhere(wanted, BEFORE, marks)[9, 20:30].all()

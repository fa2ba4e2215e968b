"""Objects lie within the images, shores run out of them."""

import numpy as np
import pytest

from napari_jcc.priors.framing import FEWEST, comes_off, runs_out

SHAPE = 40, 60
INSIDE, LEFT, RIGHT = np.s_[10:20, 20:40], np.s_[10:20, :40], np.s_[10:20, 20:]
ACROSS, DOWN = np.s_[10:20, :], np.s_[:, 20:40]


def masks(*places):
    found = np.zeros((len(places), *SHAPE), np.bool_)
    for mask, place in zip(found, places, strict=True):
        mask[place] = True
    return list(found)


@pytest.mark.parametrize("shore", [ACROSS, DOWN])
def test_most_must_run_out_at_opposite_sides(shore):
    assert runs_out(masks(shore, shore, shore, shore, INSIDE, INSIDE, INSIDE))
    assert not runs_out(masks(shore, shore, shore, INSIDE, INSIDE, INSIDE))


def test_either_side_may_be_reached_in_other_images():
    assert runs_out(masks(ACROSS, ACROSS, ACROSS, LEFT, LEFT, RIGHT, RIGHT))
    assert not runs_out(masks(LEFT, LEFT, LEFT, LEFT, LEFT, RIGHT, RIGHT))


def test_a_few_images_are_no_majority():
    assert runs_out(masks(*[ACROSS] * FEWEST))
    assert not runs_out(masks(*[ACROSS] * (FEWEST - 1)))


def test_a_shore_comes_off_but_not_what_fills_its_images():
    along = masks(*[ACROSS] * 6, INSIDE, INSIDE)
    assert comes_off(along, masks(*[INSIDE] * 8))
    # One of six may remain at a side, and a side that few reached does not count.
    assert comes_off(along, masks(ACROSS, *[LEFT] * 4, DOWN, INSIDE, INSIDE))
    assert not comes_off(along, masks(ACROSS, ACROSS, *[INSIDE] * 6))
    everywhere = masks(*[np.s_[:, :]] * 8)
    assert not comes_off(everywhere, masks(*[DOWN] * 8))

"""Cuts other than that of the common rule."""

import numpy as np
import pytest

from napari_jcc.results.cuts import CUTS, OWN_CUT, Cut
from napari_jcc.results.smooth import split_by_all, split_smoothed


def test_a_step_moves_the_cut_up_and_down():
    # By the common rule the cut is .2625 (see test_smooth).
    values = np.array([[0.0] * 40 + [0.25] * 20 + [0.6] * 2], np.float32)
    steps = (-0.05, 0.0, 0.3, 0.35)
    area = [int(split_smoothed(values, Cut(step)).sum()) for step in steps]
    # Nothing lies above .6125, so the common rule stands.
    assert area == [22, 2, 2, 2]


def test_every_cut_gives_the_mask_that_is_shown_by_it():
    values = np.random.default_rng(3).random((30, 40)).astype(np.float32)
    values[5:20, 5:25] += 1
    values /= 2
    masks = split_by_all(values)
    for cut, mask in zip(CUTS, masks, strict=True):
        np.testing.assert_array_equal(mask, split_smoothed(values, cut))
    assert OWN_CUT in CUTS
    assert len(set(CUTS)) == len(CUTS)


@pytest.mark.parametrize("cut", CUTS)
def test_a_flat_map_is_all_object_by_every_cut(cut):
    assert split_smoothed(np.zeros((3, 4), np.float32), cut).all()

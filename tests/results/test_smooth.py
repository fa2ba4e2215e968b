"""Outlines after smoothing along edges."""

import cv2
import numpy as np
import pytest

from napari_jcc.errors import ConfigError
from napari_jcc.results.smooth import (
    LEVEL,
    mix_scores,
    smooth_prior,
    smooth_twice,
    split_at_steps,
    split_by_otsu,
    split_smoothed,
)


def test_blocky_scores_follow_the_edge_of_the_image():
    y, x = np.indices((64, 96))
    disc = (x - 48) ** 2 + (y - 32) ** 2 < 22**2
    image = np.where(disc[..., None], (220, 60, 40), (40, 90, 60)).astype(np.uint8)
    blocks = disc.reshape(8, 8, 12, 8).mean(axis=(1, 3)).repeat(8, 0).repeat(8, 1)
    rough = blocks > 0.5
    scores = blocks.astype(np.float32)
    found = split_by_otsu(smooth_twice(image, scores))

    def iou(mask):
        return (mask & disc).sum() / (mask | disc).sum()

    assert iou(found) > 0.98 > 0.95 > iou(rough)


def test_scores_count_by_their_shape_not_their_scale():
    scores = np.random.default_rng(1).random((20, 30), dtype=np.float32)
    prior = np.zeros((20, 30), np.float32)
    small, large = (mix_scores(k * scores, prior, 0.1) for k in (0.01, 1))
    np.testing.assert_allclose(small, large, atol=1e-5)


def test_a_part_across_a_line_counts_with_its_colour():
    # A red square, cut by a black line; only what lies left of the line is rated.
    image = np.full((60, 60, 3), (30, 60, 200), np.uint8)
    image[10:50, 10:50] = (200, 40, 40)
    image[:, 29:31] = 0
    rated = np.zeros((60, 60), np.float32)
    rated[10:50, 10:29] = 1
    square = np.zeros((60, 60), bool)
    square[10:50, 10:50] = True
    beyond = square & (np.arange(60) > 31)
    along_lines, both = (
        f(image, rated)[beyond].mean() for f in (smooth_prior, smooth_twice)
    )
    assert along_lines < 0.01 < 0.1 < both
    assert smooth_twice(image, rated)[~square].max() < both


def test_flat_scores_are_all_object():
    image = np.zeros((5, 6, 3), np.uint8)
    flat = np.zeros((5, 6), np.float32)
    assert np.isfinite(smooth_twice(image, mix_scores(flat, flat, 0.1))).all()
    assert split_by_otsu(flat).all()


def test_split_by_otsu_separates_two_levels():
    values = np.where(np.indices((6, 8)).sum(axis=0) % 3 == 0, 0.7, 0.2).astype(np.float32)
    np.testing.assert_array_equal(split_by_otsu(values), values > 0.5)


def test_the_cut_of_smoothed_maps_is_half_way_to_the_common_level():
    # A small object of .6 in a wide ramp of .25: Otsu cuts at .125, for the ramp weighs
    # more, and half way from there to .4 is .2625.
    values = np.array([[0.0] * 40 + [0.25] * 20 + [0.6] * 2], np.float32)
    np.testing.assert_array_equal(split_by_otsu(values + 4), values > 0.125)
    by_otsu, found = split_by_otsu(values), split_smoothed(values)
    assert LEVEL == 0.4
    np.testing.assert_array_equal(by_otsu, values > 0.125)
    np.testing.assert_array_equal(found, values > 0.2625)


def test_maps_below_the_common_level_are_still_split():
    values = np.array([[0.0, 0.0, 0.0, 0.1, 0.1]], np.float32)
    np.testing.assert_array_equal(split_smoothed(values), values > 0.05)


def test_masks_of_several_cuts_lie_round_the_one_that_is_used():
    # Cut at .2625 (see above), and .05 and .1 lower and higher. .25 is object at .1625
    # and .2125.
    values = np.array([[0.0] * 40 + [0.25] * 20 + [0.6] * 2], np.float32)
    area = split_at_steps(values).sum(axis=(1, 2))
    assert area.tolist() == [22, 22, 2, 2, 2]


def test_empty_masks_of_higher_cuts_are_left_out():
    # Otsu's .05, as nothing reaches half way to .4: nothing lies above .1 and .15.
    values = np.array([[0.0, 0.0, 0.0, 0.1, 0.1]], np.float32)
    masks = split_at_steps(values)
    assert masks.sum(axis=(1, 2)).tolist() == [5, 2, 2]
    assert split_at_steps(np.zeros((3, 4), np.float32)).any(axis=(1, 2)).all()


def test_opencv_without_contrib_is_told(monkeypatch):
    monkeypatch.delattr(cv2, "ximgproc")
    flat = np.zeros((5, 6), np.float32)
    with pytest.raises(ConfigError, match="opencv-contrib"):
        smooth_twice(np.zeros((5, 6, 3), np.uint8), flat)

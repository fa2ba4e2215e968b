"""Several objects in one mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage

from napari_jcc.results import instances
from napari_jcc.results.instances import (
    boxes_by_number,
    number_objects,
    object_boxes,
    renumber,
)
from napari_jcc.results.numbering import keep_numbers, match_numbers
from napari_jcc.results.parting import are_compact, compare_with_discs
from results_samples import image_result


def test_pieces_are_numbered_and_specks_are_left_out():
    mask = np.zeros((10, 10), bool)
    mask[1:4, 1:5] = mask[6:9, 6:9] = True
    mask[0, 9] = True
    labels = number_objects(mask, smallest=0.05)

    assert labels.max() == 2
    assert labels[0, 9] == 0
    assert set(labels[1:4, 1:5].ravel()) == {1}
    assert set(labels[6:9, 6:9].ravel()) == {2}
    assert object_boxes(labels).tolist() == [[1, 1, 5, 4], [6, 6, 9, 9]]


def test_an_empty_mask_has_no_object():
    labels = number_objects(np.zeros((4, 6), bool), parted=True)
    assert labels.max() == 0
    assert object_boxes(labels).shape == (0, 4)


def test_touching_disks_are_parted_at_the_neck():
    canvas = np.zeros((60, 100), np.uint8)
    for x in (30, 64):
        cv2.circle(canvas, (x, 30), 18, 1, -1)
    mask = canvas > 0
    assert number_objects(mask).max() == 1

    labels = number_objects(mask, parted=True)
    assert labels.max() == 2
    assert labels[30, 30] != labels[30, 64]
    np.testing.assert_array_equal(labels > 0, mask)
    left, right = (labels == 1).sum(), (labels == 2).sum()
    assert abs(left - right) < 0.1 * mask.sum()


def test_what_has_no_neck_stays_whole_also_across_a_corner():
    canvas = np.zeros((60, 140), np.uint8)
    cv2.line(canvas, (20, 20), (118, 30), 1, 11)  # a rod
    canvas[40:46, 10:30] = canvas[46:48, 30:33] = 1  # two pieces, one corner
    mask = canvas > 0
    labels = number_objects(mask, parted=True)
    assert labels[25, 69] == labels[20, 20] == labels[30, 118]
    np.testing.assert_array_equal(labels > 0, mask)


def test_a_step_of_one_pixel_on_either_side_is_no_neck():
    """A rod of half width 5; steps leave 4, by which outlines may be off, or 3."""
    rod = np.zeros((15, 60), np.bool_)
    rod[3:12, 5:55] = True
    for depth, parts in ((1, 1), (2, 2)):
        stepped = rod.copy()
        stepped[3 : 3 + depth, 30] = stepped[12 - depth : 12, 30] = False
        assert number_objects(stepped, parted=True).max() == parts


def test_a_part_between_two_objects_goes_to_that_with_the_wider_neck():
    """Half widths 31, 21, 31, with necks of 18 and 19: each would do for the middle."""
    heights = np.array([61] * 61 + [35] + [41] * 41 + [37] + [61] * 61)
    mask = np.abs(np.arange(63)[:, None] - 31) <= heights // 2
    labels = number_objects(mask, parted=True)
    assert labels[31, 82] == labels[31, -31] != labels[31, 30]
    assert labels.max() == 2


def test_a_set_is_compact_where_most_of_its_area_is():
    disc, rod = np.zeros((60, 60), np.uint8), np.zeros((60, 60), np.uint8)
    cv2.circle(disc, (30, 30), 20, 1, -1)
    cv2.line(rod, (8, 30), (52, 30), 1, 7)
    compared = {
        name: compare_with_discs(number_objects(image > 0))
        for name, image in {"disc": disc, "rod": rod}.items()
    }
    assert compared["disc"][0] == pytest.approx([disc.mean(), 1], rel=0.1)
    assert are_compact([compared["disc"], compared["rod"]])
    assert not are_compact([compared["disc"], *[compared["rod"]] * 4])
    assert not are_compact([])


def test_numbers_survive_an_edit():
    labels = np.zeros((10, 12), np.int32)
    labels[1:4, 1:5], labels[6:9, 6:9] = 1, 2
    mask = labels > 0
    mask[1:4, 5:7] = True  # added to 1
    mask[6:9, 6:9] = False  # 2 taken away
    mask[8, 0] = mask[0, 11] = True  # new pieces
    found = renumber(labels, mask)
    assert (found[1:4, 1:7] == 1).all()
    assert not found[6:9, 6:9].any()
    assert len({0, 1, found[8, 0], found[0, 11]}) == 4
    np.testing.assert_array_equal(found > 0, mask)


def test_objects_are_known_again_by_what_they_share_most_of():
    before, labels = np.zeros((2, 6, 12), np.int32)
    before[0], before[2], before[4, :4] = 7, 2, 4
    labels[0] = 1  # as it was
    labels[2, :5], labels[2, 6:] = 2, 3  # cut: the larger part keeps the number
    labels[5] = 4  # new: 4 is that of one that is gone
    assert match_numbers(labels, before) == {1: 7, 2: 1, 3: 2, 4: 3}
    assert match_numbers(np.zeros_like(labels), before) == {}

    boxes = object_boxes(labels)
    scores = np.float32([0.1, 0.2, 0.3, 0.4])
    numbered = image_result(
        mask=labels > 0, instances=labels, instance_boxes=boxes, instance_scores=scores
    )
    kept = keep_numbers(numbered, before)
    assert kept.numbers.tolist() == [1, 2, 3, 7]
    assert kept.scores.tolist() == scores[[1, 2, 3, 0]].tolist()
    by_number = boxes_by_number(kept.labels)
    assert list(by_number) == [1, 2, 3, 7]
    np.testing.assert_array_equal(kept.boxes, list(by_number.values()))
    plain = image_result()
    assert keep_numbers(plain, before) is plain


def test_an_added_pixel_moves_no_border_between_objects():
    """The outline that is nearest to the right of object 1 is that of the strip beside."""
    labels = np.zeros((11, 12), np.int32)
    labels[1:10, 1:10], labels[1:10, 10] = 1, 2
    mask = labels > 0
    mask[0, 1] = True
    wanted = labels.copy()
    wanted[0, 1] = 1
    np.testing.assert_array_equal(renumber(labels, mask), wanted)


def test_a_part_cut_off_is_an_object_unless_it_is_a_crumb():
    """Of 60, 26 and 1 pixels: under a twentieth of all keeps the number."""
    labels = np.ones((10, 10), np.int32)
    mask = np.ones((10, 10), np.bool_)
    mask[:, 6] = mask[:2, 8] = mask[1, 9] = False
    wanted = np.where(mask, 1, 0)
    wanted[:, 7:] *= 2
    wanted[0, 9] = 1
    np.testing.assert_array_equal(renumber(labels, mask), wanted)


@pytest.mark.parametrize("seed", range(8))
def test_numbers_after_an_edit_are_those_of_the_whole_image(seed, monkeypatch):
    generator = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(generator.normal(size=(90, 120)), 3) > 0.05
    labels = number_objects(mask, 0.001)
    edited = mask.copy()
    edited[generator.integers(0, 80) :, 50:54] = True
    edited[20:30, :40] = False
    edited[2:5, 100:103] = True
    found = renumber(labels, edited)
    whole = slice(0, 90), slice(0, 120)
    monkeypatch.setattr(instances, "_around_pieces", lambda *_: whole)
    np.testing.assert_array_equal(found, renumber(labels, edited))
    np.testing.assert_array_equal(found > 0, edited)

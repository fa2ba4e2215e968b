"""Boxes rated by what the masks of a set teach."""

import numpy as np
import pytest

from napari_jcc.features import FeatureMap
from napari_jcc.priors import rate_boxes
from napari_jcc.priors.boxes import describe_boxes
from napari_jcc.regions import box_iou

HEAD, BODY, REST = np.eye(3)
CELLS, STRIDE = 16, 4


def scene(number):
    """Map of an object of head and body, its box, and its mask (1, h, w)."""
    rng = np.random.default_rng(number)
    y, x = rng.integers(3, 8, 2)
    grid = np.tile(REST, (CELLS, CELLS, 1))
    grid[y : y + 4, x : x + 2] = HEAD
    grid[y : y + 4, x + 2 : x + 6] = BODY
    grid += rng.normal(0, 0.05, grid.shape)
    box = STRIDE * np.array([x, y, x + 6, y + 4])
    mask = np.zeros((1, STRIDE * CELLS, STRIDE * CELLS), np.bool_)
    mask[0, box[1] : box[3], box[0] : box[2]] = True
    side = STRIDE * CELLS
    return FeatureMap(grid.astype(np.float16), STRIDE, 1.5, (side, side)), box, mask


def candidates(box, number):
    """The box itself, its halves, boxes moved aside, and boxes anywhere."""
    rng = np.random.default_rng(100 + number)
    low = rng.integers(0, 40, (20, 2))
    size = rng.integers(8, 24, (20, 2))
    third = np.array([8, 0, 0, 0])
    near = [box, box + third, box - np.array([0, 0, 16, 0]), box + 8, box - 8]
    return np.concatenate([near, np.concatenate([low, low + size], axis=1)])


@pytest.fixture(scope="module")
def images():
    maps, boxes, masks = zip(*map(scene, range(10)), strict=True)
    offered = [candidates(box, number) for number, box in enumerate(boxes)]
    return list(maps), list(boxes), list(masks), offered


def test_a_mask_that_misses_the_body_does_not_keep_its_box(images):
    maps, boxes, masks, offered = images
    cut = masks[0].copy()
    cut[..., boxes[0][0] + 8 :] = False
    rated = rate_boxes(maps, offered, [cut, *masks[1:]])
    assert offered[0][rated[0].argmax()].tolist() == boxes[0].tolist()


def test_the_overlap_is_what_is_predicted(images):
    maps, boxes, masks, offered = images
    rated = rate_boxes(maps, offered, masks)
    true = [box_iou(box, boxes_) for box, boxes_ in zip(boxes, offered, strict=True)]
    assert np.corrcoef(np.concatenate(rated), np.concatenate(true))[0, 1] > 0.9


def test_an_image_with_more_boxes_teaches_the_others_no_more(images):
    maps, _, masks, offered = images
    once = rate_boxes(maps, offered, masks)
    again = rate_boxes(maps, [np.tile(offered[0], (3, 1)), *offered[1:]], masks)
    np.testing.assert_allclose(again[1], once[1], atol=1e-5)


def test_a_single_image_is_rated_by_its_own_mask(images):
    maps, boxes, masks, offered = images
    rated = rate_boxes(maps[:1], offered[:1], masks[:1])[0]
    np.testing.assert_allclose(rated, box_iou(boxes[0], offered[0]), atol=1e-6)


def test_one_cut_of_several_that_joins_two_pieces_is_outvoted(images):
    maps, boxes, masks, offered = images
    joined = np.ones_like(masks[0])
    apart = [masks[0], masks[0], joined]
    rated = rate_boxes(maps[:1], offered[:1], [np.concatenate(apart)])[0]
    whole = np.array([0, 0, *joined.shape[:0:-1]])
    wanted = 2 * box_iou(boxes[0], offered[0]) + box_iou(whole, offered[0])
    np.testing.assert_allclose(rated, wanted / 3, atol=1e-6)
    assert offered[0][rated.argmax()].tolist() == boxes[0].tolist()


def test_descriptions_in_a_file_give_the_same_ratings(images):
    maps, _, masks, offered = images
    in_memory = rate_boxes(maps, offered, masks)
    for kept, spilled in zip(
        in_memory, rate_boxes(maps, offered, masks, budget=0), strict=True
    ):
        np.testing.assert_array_equal(kept, spilled)


def test_an_image_without_candidates_is_passed_over(images):
    maps, _, masks, offered = images
    none = np.zeros((0, 4), np.int64)
    rated = rate_boxes(maps, [none, *offered[1:]], masks)
    assert rated[0].shape == (0,)
    assert all(np.isfinite(each).all() for each in rated)


def test_boxes_are_described_by_what_they_hold_and_what_lies_beside_them():
    cells = np.zeros((8, 8, 1), np.float32)
    cells[:, 4:] = 1
    # One cell a pixel: the means are those of whole pixels.
    found = FeatureMap(cells.astype(np.float16), 1, 0, (8, 8))
    row = describe_boxes(found, cells, np.array([[2, 0, 6, 8]]), (8, 8))[0]
    whole, above, below, left, right = row[:5]
    assert (whole, above, below, left, right) == (0.5, 0.5, 0.5, 0.0, 1.0)
    share, side, proportion, *contact = row[-7:]
    assert (share, side) == (0.5, pytest.approx(0.5**0.5))
    assert proportion == pytest.approx(np.log(0.5))
    assert contact == [0, 1, 0, 1]

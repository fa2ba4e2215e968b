from __future__ import annotations

import logging

import numpy as np
import pytest

from napari_jcc.config import BoxConfig, JccConfig
from napari_jcc.errors import ConfigError
from napari_jcc.pipeline.stages import compute_regions
from napari_jcc.regions import (
    box_excess,
    boxes,
    candidate_boxes,
    choose_boxes,
    find_saliency,
    find_superpixels,
    propose_boxes,
)
from napari_jcc.regions.proposals import grid_boxes, group_boxes, saliency_boxes
from napari_jcc.regions.superpixels import measure_superpixels

METHODS = ("auto", "selective_search", "superpixel_groups", "grid")
SQUARE = (40, 30, 80, 70)


def _regions(image, method="auto", **settings):
    config = JccConfig(boxes=BoxConfig(method=method, **settings))
    pieces = find_superpixels(image, config.superpixels)
    salient = find_saliency(image, pieces, config.saliency)
    candidates = candidate_boxes(
        propose_boxes(image, pieces, config.boxes), salient, config.boxes
    )
    return compute_regions(pieces, salient, candidates, None, config.boxes)


def _iou(first, second):
    low = np.maximum(first[:2], second[:2])
    high = np.minimum(first[2:], second[2:])
    shared = np.prod(np.maximum(high - low, 0))
    areas = [np.prod(np.asarray(box[2:]) - box[:2]) for box in (first, second)]
    return shared / (sum(areas) - shared)


@pytest.mark.parametrize("method", METHODS)
def test_the_best_box_is_the_square(square_image, method):
    found = _regions(square_image, method)
    assert _iou(found.boxes[0], np.array(SQUARE)) > 0.8
    assert found.box_merit[0] > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_boxes_keep_their_promises(square_image, method):
    found = _regions(square_image, method, count=15, overlap_limit=0.6)
    assert 0 < len(found.boxes) <= 15
    assert found.boxes.dtype == found.box_merit.dtype == np.float32
    x_min, y_min, x_max, y_max = found.boxes.T
    assert (x_min >= 0).all()
    assert (y_min >= 0).all()
    assert (x_max <= 120).all()
    assert (y_max <= 100).all()
    share = (x_max - x_min) * (y_max - y_min) / 12_000
    assert (share >= 0.01).all()
    assert (share <= 0.95).all()
    assert (np.diff(found.box_merit) <= 0).all()
    assert (found.overlap.toarray().sum(axis=1) > 0).all()
    pairs = [
        _iou(first, second)
        for index, first in enumerate(found.boxes)
        for second in found.boxes[:index]
    ]
    assert max(pairs) <= 0.6


@pytest.mark.parametrize("method", METHODS)
def test_same_image_same_boxes(square_image, method):
    first, second = _regions(square_image, method), _regions(square_image, method)
    assert np.array_equal(first.boxes, second.boxes)
    assert np.array_equal(first.box_merit, second.box_merit)


def test_group_boxes_and_proposals_alone_find_the_object(square_image):
    # Without saliency boxes: the merging itself must meet the square.
    superpixels = _regions(square_image).superpixels
    best = max(_iou(box, np.array(SQUARE)) for box in group_boxes(superpixels))
    assert best > 0.8


def test_group_boxes_by_hand():
    # Two dark halves of a bar next to a bright part: the dark ones merge first, so the
    # box around the bright part and one dark half never arises.
    image = np.zeros((2, 6, 3), np.uint8)
    image[:, 4:] = 255
    superpixels = measure_superpixels(np.repeat([[0, 0, 1, 1, 2, 2]], 2, axis=0), image)
    found = {tuple(box) for box in group_boxes(superpixels).tolist()}
    assert {(0, 0, 4, 2), (0, 0, 6, 2), (0, 0, 2, 2), (2, 0, 4, 2), (4, 0, 6, 2)} == found


def test_excess_by_hand():
    saliency = np.zeros((4, 5), np.float32)
    saliency[1:3, 1:3] = 0.5
    found = box_excess(
        np.array([[1, 1, 3, 3], [0, 0, 5, 4], [3, 0, 5, 4], [0, 0, 2, 2]]), saliency
    )
    np.testing.assert_allclose(
        found, [1 - 4 / 20, 0, 0 - 8 / 20, 1 / 4 - 4 / 20], atol=1e-9
    )


def test_excess_of_no_saliency_is_zero():
    found = box_excess(np.array([[0, 0, 2, 2]]), np.zeros((3, 3), np.float32))
    assert found.tolist() == [0]


def test_saliency_boxes_surround_the_two_largest_parts():
    saliency = np.zeros((20, 30), np.float32)
    saliency[2:10, 3:13] = 1
    saliency[12:18, 20:26] = 1
    saliency[0, 29] = 1
    assert saliency_boxes(saliency).tolist() == [[3, 2, 13, 10], [20, 12, 26, 18]]
    assert saliency_boxes(np.zeros((5, 5), np.float32)).shape == (0, 4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 320), (320, 1), (30, 47)])
def test_grid_covers_the_image(shape):
    found = grid_boxes(shape)
    assert found[:, :2].min() == 0
    assert found[:, 2].max() == shape[1]
    assert found[:, 3].max() == shape[0]
    assert (found[:, 2:] > found[:, :2]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 320), (320, 1), (30, 40)])
@pytest.mark.parametrize("is_constant", [True, False])
def test_degenerate_images_are_answered(method, shape, is_constant):
    values = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = _regions(np.full_like(values, 9) if is_constant else values, method)
    assert found.boxes.shape[1] == 4
    assert found.overlap.shape == (len(found.boxes), len(found.superpixels))
    assert (found.overlap.toarray().sum(axis=1) > 0).all()
    assert np.isfinite(found.box_merit).all()


def test_no_box_survives_impossible_limits(square_image):
    found = _regions(square_image, smallest_area=0.94, largest_area=0.9401)
    assert found.boxes.shape == (0, 4)
    assert found.box_merit.shape == (0,)
    assert found.overlap.shape[0] == 0


def test_boxes_without_a_superpixel_are_left_out():
    # One superpixel: only boxes with more than half of the image hold it.
    image = np.zeros((40, 40, 3), np.uint8)
    superpixels = measure_superpixels(np.zeros((40, 40), int), image)
    candidates = grid_boxes((40, 40))
    merit = np.zeros(len(candidates))
    found, _ = choose_boxes(candidates, merit, superpixels, BoxConfig(overlap_limit=1))
    areas = (found[:, 2] - found[:, 0]) * (found[:, 3] - found[:, 1])
    assert len(found) > 0
    assert (areas > 800).all()


def test_missing_contrib_falls_back_and_names_the_package(
    square_image, monkeypatch, caplog
):
    monkeypatch.setattr(boxes, "has_selective_search", lambda: False)
    boxes._tell_fallback.cache_clear()
    with caplog.at_level(logging.WARNING):
        found = [_regions(square_image) for _ in range(2)]
    assert _iou(found[0].boxes[0], np.array(SQUARE)) > 0.8
    messages = [record.message for record in caplog.records]
    assert len(messages) == 1
    assert "opencv-contrib-python-headless" in messages[0]
    boxes._tell_fallback.cache_clear()


def test_missing_contrib_asked_for_by_name_is_an_error(square_image, monkeypatch):
    monkeypatch.setattr(boxes, "has_selective_search", lambda: False)
    with pytest.raises(ConfigError, match="opencv-contrib-python-headless"):
        _regions(square_image, "selective_search")

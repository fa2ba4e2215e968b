"""Pooling of an encoder's map against the mean over the enlarged map."""

import numpy as np
import pytest

from napari_jcc.config import FeatureConfig
from napari_jcc.errors import InputError
from napari_jcc.features import FeatureMap, describe_image
from napari_jcc.features.deep import pool_boxes_bilinear, pool_superpixels_bilinear


@pytest.fixture
def feature_map():
    values = np.random.default_rng(0).normal(size=(5, 7, 3)).astype(np.float16)
    return FeatureMap(values, stride=16, offset=2.0, size=(80, 112))


def enlarge(found, shape):
    """Bilinear interpolation written out, pixel by pixel."""
    gh, gw, _ = found.values.shape
    result = np.empty((*shape, found.values.shape[-1]))
    scale = np.array(found.size) / shape
    for y in range(shape[0]):
        for x in range(shape[1]):
            place = ((np.array([y, x]) + 0.5) * scale - 0.5 - found.offset) / found.stride
            row, column = np.clip(place, 0, (gh - 1, gw - 1))
            top, left = min(int(row), gh - 2), min(int(column), gw - 2)
            a, b = row - top, column - left
            corners = found.values[top : top + 2, left : left + 2].astype(float)
            weights = np.outer([1 - a, a], [1 - b, b])
            result[y, x] = (weights[..., None] * corners).sum(axis=(0, 1))
    return result


def test_superpixels_are_means_of_the_enlarged_map(feature_map, regions_of):
    labels = np.random.default_rng(1).integers(0, 6, (20, 31))
    regions = regions_of(labels)
    enlarged = enlarge(feature_map, labels.shape)
    expected = [enlarged[labels == label].mean(axis=0) for label in range(6)]
    found = pool_superpixels_bilinear(feature_map, regions.superpixels)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_boxes_are_means_of_the_enlarged_map(feature_map):
    boxes = np.array([[0, 0, 31, 20], [3, 4, 10, 9], [30, 19, 31, 20]], np.float32)
    enlarged = enlarge(feature_map, (20, 31))
    expected = [
        enlarged[y_min:y_max, x_min:x_max].mean(axis=(0, 1))
        for x_min, y_min, x_max, y_max in boxes.astype(int)
    ]
    found = pool_boxes_bilinear(feature_map, boxes, (20, 31))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_deep_features_without_an_encoder_say_so(regions_of):
    regions = regions_of(np.zeros((8, 8), int))
    config = FeatureConfig(superpixels=("deep",), boxes=("lab",))
    with pytest.raises(InputError, match=r"features\.encoder"):
        describe_image(np.zeros((8, 8, 3), np.uint8), regions, config)

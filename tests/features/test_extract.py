"""Features of an image and of a set, through the public door."""

import pickle

import numpy as np
import pytest

from napari_jcc.config import FeatureConfig
from napari_jcc.errors import InputError
from napari_jcc.features import describe_image, stream
from napari_jcc.features.streaming import Features

CONFIG = FeatureConfig(dimensions=16)
BOXES = [[0, 0, 20, 20], [5, 5, 40, 30], [0, 0, 48, 36]]


def combine(descriptions, config):
    """Features of a set, joined over its images."""
    features = stream(descriptions, config)
    return Features(np.concatenate(features.superpixels), np.concatenate(features.boxes))


@pytest.fixture
def described(regions_of, tiles_of, rng):
    """Descriptions of three noisy images."""
    images = rng.integers(0, 256, (3, 36, 48, 3)).astype(np.uint8)
    regions = regions_of(tiles_of(36, 48, 12), BOXES)
    return [describe_image(image, regions, CONFIG) for image in images]


def test_every_kind_is_described(described):
    assert list(described[0]) == ["sift", "lab"]
    assert described[0]["sift"].superpixels.shape == (12, 129)
    assert described[0]["lab"].boxes.shape == (3, 576)


def test_kinds_stand_side_by_side_with_variance_one_each(described):
    features = combine(described, CONFIG)
    assert features.superpixels.shape == (36, 32)
    assert features.boxes.shape == (9, 9 + 9)  # nine boxes cannot span sixteen dimensions
    assert features.superpixels.dtype == features.boxes.dtype == np.float32
    for kind in (features.superpixels[:, :16], features.superpixels[:, 16:]):
        assert kind.var(axis=0).sum() == pytest.approx(1, rel=1e-3)


def test_superpixels_and_boxes_may_use_different_kinds(regions_of, tiles_of, rng):
    config = FeatureConfig(superpixels=["lab"], boxes=["sift", "sift"], dimensions=2)
    image = rng.integers(0, 256, (36, 48, 3)).astype(np.uint8)
    description = describe_image(image, regions_of(tiles_of(36, 48, 12), BOXES), config)
    features = combine([description], config)
    assert features.superpixels.shape == (12, 2)
    assert features.boxes.shape == (3, 2)


def test_descriptions_survive_pickling(described):
    again = pickle.loads(pickle.dumps(described))
    first, second = combine(described, CONFIG), combine(again, CONFIG)
    np.testing.assert_array_equal(first.superpixels, second.superpixels)
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_same_image_same_bytes(regions_of, tiles_of, rng):
    image = rng.integers(0, 256, (36, 48, 3)).astype(np.uint8)
    regions = regions_of(tiles_of(36, 48, 12), BOXES)
    one, other = (describe_image(image, regions, CONFIG) for _ in range(2))
    for kind in one:
        assert one[kind].superpixels.tobytes() == other[kind].superpixels.tobytes()
        assert one[kind].boxes.tobytes() == other[kind].boxes.tobytes()


def test_texture_and_colour_tell_halves_apart(regions_of, tiles_of, rng):
    """The object's superpixels are nearer to each other than to the rest, in all images."""
    descriptions = []
    for level in (90, 120, 150):
        image = np.full((48, 96, 3), level, np.uint8)
        image[:, 48:] = rng.integers(0, 120, (48, 48, 1)) + np.array([100, 0, 0])
        descriptions.append(describe_image(image, regions_of(tiles_of(48, 96, 12)), CONFIG))
    x = combine(descriptions, CONFIG).superpixels
    busy = np.tile(np.arange(8) >= 4, 3 * 4)
    gap = np.linalg.norm(x[busy].mean(axis=0) - x[~busy].mean(axis=0))
    spread = np.linalg.norm(x[busy] - x[busy].mean(axis=0), axis=1).mean()
    assert gap > 1.5 * spread


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (5, 3)])
@pytest.mark.parametrize("level", [0, 255])
def test_tiny_constant_images_give_zeros(shape, level, regions_of):
    image = np.full((*shape, 3), level, np.uint8)
    regions = regions_of(np.zeros(shape, int), [[0, 0, shape[1], shape[0]]])
    features = combine([describe_image(image, regions, CONFIG)] * 2, CONFIG)
    assert len(features.superpixels) == len(features.boxes) == 2
    np.testing.assert_array_equal(features.superpixels, 0)
    np.testing.assert_array_equal(features.boxes, 0)


def test_image_without_boxes(regions_of, tiles_of, described, rng):
    image = rng.integers(0, 256, (36, 48, 3)).astype(np.uint8)
    lonely = describe_image(image, regions_of(tiles_of(36, 48, 12)), CONFIG)
    assert combine([*described, lonely], CONFIG).boxes.shape[0] == 9
    assert combine([lonely], CONFIG).boxes.shape == (0, 2)


def test_errors_say_what_to_do(regions_of, tiles_of):
    with pytest.raises(InputError, match="no images"):
        combine([], CONFIG)
    with pytest.raises(InputError, match=r"\(9, 9\).*\(36, 48\)"):
        describe_image(
            np.zeros((9, 9, 3), np.uint8), regions_of(tiles_of(36, 48, 12)), CONFIG
        )

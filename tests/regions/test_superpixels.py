from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_jcc.config import SuperpixelConfig
from napari_jcc.regions import find_superpixels
from napari_jcc.regions.superpixels import measure_superpixels

METHODS = ("slic", "quickshift")


def test_measures_by_hand():
    # 0 0 2
    # 0 1 1     labels 5, 7, 9 in the input: gaps close in the order of the labels
    label_map = np.array([[5, 5, 9], [5, 7, 7]])
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 2] = 255
    found = measure_superpixels(label_map, image)
    assert found.label_map.tolist() == [[0, 0, 2], [0, 1, 1]]
    assert found.area.tolist() == [3, 2, 1]
    np.testing.assert_allclose(found.centre, [[1 / 3, 1 / 3], [1.5, 1], [2, 0]], atol=1e-6)
    # Black is L = 0 and white L = 100, both without a or b.
    np.testing.assert_allclose(found.colour, [[0, 0, 0], [0, 0, 0], [100, 0, 0]], atol=0.01)
    assert found.neighbours.tolist() == [[0, 1], [0, 2], [1, 2]]


def test_diagonal_contact_is_no_border():
    label_map = np.array([[0, 1], [2, 3]])
    found = measure_superpixels(label_map, np.zeros((2, 2, 3), np.uint8))
    assert found.neighbours.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]


@given(
    hnp.arrays(
        np.int64,
        st.tuples(st.integers(1, 6), st.integers(1, 6)),
        elements=st.integers(-3, 9),
    )
)
@settings(max_examples=60)
def test_measures_agree_with_loops(label_map):
    image = np.zeros((*label_map.shape, 3), np.uint8)
    found = measure_superpixels(label_map, image)
    height, width = label_map.shape
    names = np.unique(label_map)
    assert len(found) == len(names)
    assert (names[found.label_map] == label_map).all()
    pairs = set()
    for y in range(height):
        for x in range(width):
            for other in ((y + 1, x), (y, x + 1)):
                if other[0] < height and other[1] < width:
                    ends = found.label_map[y, x], found.label_map[other]
                    if ends[0] != ends[1]:
                        pairs.add((min(ends), max(ends)))
    assert [tuple(pair) for pair in found.neighbours] == sorted(pairs)
    for index in range(len(found)):
        y, x = np.nonzero(found.label_map == index)
        assert found.area[index] == len(y)
        np.testing.assert_allclose(found.centre[index], (x.mean(), y.mean()), atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_follow_the_square(square_image, method):
    found = find_superpixels(square_image, SuperpixelConfig(method=method, count=60))
    inside = np.zeros(square_image.shape[:2])
    inside[30:70, 40:80] = 1
    share = np.bincount(found.label_map.ravel(), inside.ravel()) / found.area
    wrong = (np.minimum(share, 1 - share) * found.area).sum() / inside.size
    assert wrong < 0.01
    assert len(found) > 10


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (3, 5), (1, 320), (320, 1)])
@pytest.mark.parametrize("is_constant", [True, False])
def test_degenerate_images_have_a_superpixel(method, shape, is_constant):
    values = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    image = np.full_like(values, 90) if is_constant else values
    found = find_superpixels(image, SuperpixelConfig(method=method))
    assert len(found) >= 1
    assert np.array_equal(np.unique(found.label_map), np.arange(len(found)))
    assert found.area.sum() == shape[0] * shape[1]
    assert np.isfinite(found.colour).all()


@pytest.mark.parametrize("method", METHODS)
def test_same_image_same_superpixels(square_image, method):
    config = SuperpixelConfig(method=method)
    first, second = (find_superpixels(square_image, config) for _ in range(2))
    assert np.array_equal(first.label_map, second.label_map)

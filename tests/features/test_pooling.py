"""Means over superpixels and boxes, worked out by hand or by brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.features.pooling import grid_centres, pool_boxes, pool_superpixels


def as_grid(rows):
    return np.asarray(rows, np.float32)[..., None]


@pytest.mark.parametrize(
    ("length", "step", "expected"),
    [(8, 4, [2, 6]), (9, 4, [2, 6, 8.5]), (1, 4, [0.5]), (3, 1, [0.5, 1.5, 2.5])],
)
def test_points_are_the_centres_of_grid_cells(length, step, expected):
    np.testing.assert_array_equal(grid_centres(length, step), expected)


def test_superpixel_takes_the_mean_of_its_points(superpixels_of):
    # Points of step 2 lie on pixels (1, 1), (1, 3), (3, 1), (3, 3).
    superpixels = superpixels_of([[0, 0, 1, 1]] * 2 + [[0, 0, 0, 0]] * 2)
    pooled = pool_superpixels(as_grid([[1, 10], [2, 6]]), superpixels, 2)
    np.testing.assert_allclose(pooled, [[3], [10]])
    assert pooled.dtype == np.float32


def test_superpixel_without_a_point_takes_the_nearest(superpixels_of):
    label_map = np.zeros((4, 8), int)
    label_map[0, 7] = 1
    pooled = pool_superpixels(as_grid([[1, 5]]), superpixels_of(label_map), 4)
    np.testing.assert_allclose(pooled, [[3], [5]])


def test_box_cells_in_reading_order():
    grid = as_grid([[1, 2], [3, 4]])
    np.testing.assert_allclose(
        pool_boxes(grid, np.array([[0, 0, 8, 8]], np.float32), 4), [[1, 2, 3, 4]]
    )


def test_box_is_weighted_by_shared_area():
    # Left half x 0-3 lies in the first cell; right half x 3-6 holds 1 and 2 of the two.
    pooled = pool_boxes(as_grid([[3, 6]]), np.array([[0, 0, 6, 4]], np.float32), 4)
    np.testing.assert_allclose(pooled, [[3, 5, 3, 5]], rtol=1e-6)


def test_box_smaller_than_the_grid():
    box = np.array([[5, 1, 5.5, 1.5]], np.float32)
    np.testing.assert_allclose(pool_boxes(as_grid([[3, 6]]), box, 4), [[6, 6, 6, 6]])


def test_box_without_area_and_no_box():
    grid = as_grid([[3, 6]])
    box = np.array([[2, 2, 2, 4]], np.float32)
    np.testing.assert_array_equal(pool_boxes(grid, box, 4), np.zeros((1, 4)))
    assert pool_boxes(grid, np.zeros((0, 4), np.float32), 4).shape == (0, 4)


corners = st.tuples(st.integers(0, 9), st.integers(0, 7))
sizes = st.tuples(st.integers(1, 5), st.integers(1, 4))


@given(corners, sizes, st.integers(0, 2**32 - 1))
def test_boxes_agree_with_counting_pixels(corner, size, seed):
    x, y = corner
    width, height = 2 * size[0], 2 * size[1]
    step, shape = 3, (7, 8)
    grid = np.random.default_rng(seed).random((*shape, 2), dtype=np.float32)
    pixels = grid.repeat(step, 0).repeat(step, 1)[y : y + height, x : x + width]
    cells = pixels.reshape(2, size[1], 2, size[0], 2).mean(axis=(1, 3))
    box = np.array([[x, y, x + width, y + height]], np.float32)
    np.testing.assert_allclose(pool_boxes(grid, box, step), cells.reshape(1, -1), rtol=1e-5)

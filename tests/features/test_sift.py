"""Dense SIFT on images whose gradients are known."""

import numpy as np
import pytest

from napari_jcc.features.sift import SiftExtractor, describe_grid

SIZE = 40


def ramp(direction):
    """Gray levels that grow by 5 a pixel along `direction` (degrees, y down)."""
    rows, columns = np.indices((SIZE, SIZE), dtype=np.float32)
    angle = np.deg2rad(direction)
    return (5 * (np.cos(angle) * columns + np.sin(angle) * rows)).astype(np.float32)


def orientation_shares(grid):
    """Share of every orientation at the middle point."""
    middle = grid[len(grid) // 2, len(grid) // 2, :-1].reshape(16, 8)
    return middle.sum(axis=0) / middle.sum()


@pytest.mark.parametrize("orientation", range(8))
def test_ramp_falls_into_its_orientation(orientation):
    shares = orientation_shares(describe_grid(ramp(45 * orientation), 4, 16))
    expected = np.zeros(8)
    expected[orientation] = 1
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_orientation_between_two_bins_is_shared():
    shares = orientation_shares(describe_grid(ramp(22.5), 4, 16))
    np.testing.assert_allclose(shares[:2], [0.5, 0.5], atol=0.01)


@pytest.mark.parametrize("shape", [(40, 40), (1, 1), (1, 50), (3, 2)])
@pytest.mark.parametrize(("step", "size"), [(4, 16), (1, 4), (7, 10)])
def test_every_point_has_a_histogram(shape, step, size, rng):
    gray = rng.uniform(0, 255, shape).astype(np.float32)
    grid = describe_grid(gray, step, size)
    assert grid.shape == (-(-shape[0] // step), -(-shape[1] // step), 129)
    assert grid.dtype == np.float32
    assert (grid >= 0).all()
    np.testing.assert_allclose(grid.sum(axis=-1), 1, rtol=1e-5)


def test_constant_image_is_all_flat():
    grid = describe_grid(np.full((20, 20), 77, np.float32), 4, 16)
    np.testing.assert_array_equal(grid[..., -1], 1)
    np.testing.assert_array_equal(grid[..., :-1], 0)


def test_flat_share_by_hand():
    # Gradient of 5 levels a pixel against a faint one of 1: 1 / (5 + 1).
    middle = describe_grid(ramp(0), 4, 16)[5, 5]
    assert middle[-1] == pytest.approx(1 / 6, rel=1e-3)


def test_contrast_does_not_change_the_shape(rng):
    gray = rng.uniform(0, 100, (40, 40)).astype(np.float32)
    one, other = (describe_grid(gray * scale, 4, 16)[..., :-1] for scale in (1, 2))
    one, other = (grid / grid.sum(axis=-1, keepdims=True) for grid in (one, other))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_an_edge_fills_the_cells_on_its_side():
    gray = np.zeros((SIZE, SIZE), np.float32)
    gray[:, 24:] = 200
    # Point 5 lies at x = 22, its cells at 16, 20, 24, 28: the edge is nearest the third.
    cells = describe_grid(gray, 4, 16)[5, 5, :-1].reshape(4, 4, 8)
    assert cells.sum(axis=(0, 2)).argmax() == 2
    np.testing.assert_allclose(cells[..., 1:].sum(), 0, atol=1e-6)


def test_half_and_half(regions_of, tiles_of, rng):
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 40:] = rng.integers(0, 255, (40, 40, 3))
    regions = regions_of(tiles_of(40, 80, 40), [[0, 0, 80, 40]])
    described = SiftExtractor().describe(image, regions)
    assert described.superpixels.shape == (2, 129)
    assert described.boxes.shape == (1, 516)
    flat, busy = described.superpixels[:, -1]
    assert flat > 0.7
    assert busy < 0.1
    # Upper left cell of the box is flat, upper right is not.
    upper_left, upper_right = described.boxes[0].reshape(4, 129)[:2, -1]
    assert upper_left > 0.7
    assert upper_right < 0.1

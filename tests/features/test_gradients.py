"""Gradients on a coarse grid."""

import numpy as np
import pytest

from napari_jcc.features.gradients import map_gradients


def test_every_cell_of_the_grid_is_described_where_it_lies(rng):
    image = np.full((96, 128, 3), 90, np.uint8)
    image[40:56, 72:88] = rng.integers(0, 256, (16, 16, 3))
    found = map_gradients(image, size=64, cell=8, width=12.0)
    assert found.values.shape == (6, 8, 128)
    assert found.size == (48, 64)
    np.testing.assert_allclose(found.centres(0), (np.arange(6) + 0.5) / 6)
    np.testing.assert_allclose(found.centres(1), (np.arange(8) + 0.5) / 8)
    # A square with its middle at half the height, and at five eighths of the width.
    rows, columns = np.nonzero(found.values.any(axis=-1))
    assert rows.min() + rows.max() == 5
    assert columns.min() + columns.max() == 9
    assert len(rows) < 20
    whole = found.values.astype(np.uint8)
    np.testing.assert_array_equal(found.values, whole)


@pytest.mark.parametrize("shape", [(8, 8), (9, 300), (300, 9)])
def test_small_and_narrow_images_have_two_cells_a_side_at_least(shape, rng):
    image = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    values = map_gradients(image, size=256, cell=16, width=48.0).values
    assert min(values.shape[:2]) >= 2
    assert np.isfinite(values).all()

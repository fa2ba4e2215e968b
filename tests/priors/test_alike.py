"""Values shared by what looks alike."""

import numpy as np
import pytest

from napari_jcc.priors.cells import even_out


def two_looks(shape=(4, 6)):
    """Cells of two opposite looks, the first in the left half."""
    cells = np.zeros((*shape, 2), np.float32)
    cells[:, : shape[1] // 2, 0] = 1
    cells[:, shape[1] // 2 :, 1] = 1
    return cells


def test_an_odd_value_yields_to_its_equals():
    cells = two_looks()
    values = np.where(np.arange(6) < 3, 1.0, 0.0) * np.ones((4, 1))
    values[0, 0] = 0.0  # a hole in the object
    shared = even_out(cells, values.astype(np.float32))
    assert shared[0, 0] > shared[:, 3:].max() + 0.4
    assert values[0, 0] < shared[0, 0] < shared[1:, :3].min()


def test_the_mean_of_a_group_and_each_own_value_are_mixed():
    """With two groups of n cells, q = v / 5 + 4 / 5 of the group's mean, before scaling.

    What all cells of the image have in common makes no two of them alike.
    """
    rng = np.random.default_rng(0)
    values = rng.uniform(size=(4, 6))
    mixed = values.copy()
    for half in (np.s_[:, :3], np.s_[:, 3:]):
        mixed[half] = values[half] / 5 + 4 / 5 * values[half].mean()
    wanted = (mixed - mixed.mean()) / mixed.std() * values.std() + values.mean()
    shared = even_out(two_looks() + 3, values.astype(np.float32))
    np.testing.assert_allclose(shared, wanted, atol=1e-5)


def test_mean_and_spread_stay():
    rng = np.random.default_rng(1)
    cells = rng.normal(size=(5, 7, 3)).astype(np.float32)
    values = rng.uniform(size=(5, 7)).astype(np.float32)
    shared = even_out(cells, values)
    assert shared.mean() == pytest.approx(values.mean(), abs=1e-5)
    assert shared.std() == pytest.approx(values.std(), abs=1e-5)


def test_an_image_of_one_look_keeps_an_even_value():
    shared = even_out(np.ones((3, 3, 2), np.float32), np.full((3, 3), 0.25, np.float32))
    np.testing.assert_allclose(shared, 0.25, atol=1e-6)

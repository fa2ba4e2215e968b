"""Priors on sets whose answer is known."""

import numpy as np
import pytest

from napari_jcc.config import PriorConfig
from napari_jcc.errors import InputError
from napari_jcc.features import FeatureMap
from napari_jcc.priors import find_priors
from napari_jcc.priors.combine import choose_sign, principal_axis, rate_common

OBJECT, REST = np.array([3.0, 0.0, 1.0]), np.array([0.0, 2.0, 1.0])


def scene(rows, columns, size=8, saliency=None):
    """An object of constant descriptor in a surrounding of another."""
    grid = np.tile(REST, (size, size, 1))
    grid[rows, columns] = OBJECT
    found = FeatureMap(grid.astype(np.float16), stride=4, offset=1.5, size=(4 * size,) * 2)
    flat = np.zeros((2 * size, 2 * size), np.float32)
    return flat if saliency is None else saliency, found


def test_the_axis_runs_from_the_rest_to_the_object():
    images = [scene(slice(2, 5), slice(2, 5)), scene(slice(3, 7), slice(1, 4))]
    mean, axis = principal_axis([found.values for _, found in images])
    share = (9 + 12) / 128
    np.testing.assert_allclose(mean, share * OBJECT + (1 - share) * REST, atol=1e-3)
    # Two kinds of descriptors: all variance lies along their difference.
    direction = (OBJECT - REST) / np.linalg.norm(OBJECT - REST)
    assert abs(axis @ direction) == pytest.approx(1, abs=1e-3)


def test_the_common_object_is_rated_one_and_the_rest_zero():
    images = [scene(slice(2, 5), slice(2, 5)), scene(slice(3, 7), slice(2, 6))]
    first, second = rate_common(*zip(*images, strict=True))
    assert first.shape == (16, 16)
    assert first[6, 6] == pytest.approx(1, abs=1e-3)
    assert second[10, 8] == pytest.approx(1, abs=1e-3)
    assert first[0].max() == first[:, 0].max() == second[:, -1].max() == 0


def test_the_sign_follows_the_centre_when_nothing_stands_out():
    part = np.full((9, 9), -1.0, np.float32)
    part[3:6, 3:6] = 1
    flat = [np.zeros((18, 18), np.float32)]
    assert choose_sign([part], flat) == 1
    assert choose_sign([-part], flat) == -1


def test_saliency_overrules_the_centre():
    saliency = np.zeros((16, 16), np.float32)
    saliency[:6, :6] = 1
    corner = scene(slice(0, 3), slice(0, 3), saliency=saliency)
    (rated,) = rate_common(*zip(corner, strict=True))
    assert rated[1, 1] == pytest.approx(1, abs=1e-3)
    assert rated[8, 8] == 0


def test_a_set_without_differences_is_rated_zero():
    grid = np.ones((4, 4, 3), np.float16)
    saliency, found = np.zeros((8, 8), np.float32), FeatureMap(grid, 4, 1.5, (16, 16))
    (rated,) = rate_common([saliency], [found])
    assert np.isfinite(rated).all()
    assert rated.max() == 0


def test_saliency_alone_is_handed_on_untouched():
    saliency = np.random.default_rng(0).random((6, 7), dtype=np.float32)
    (rated,) = find_priors([saliency], [], PriorConfig())
    assert rated is saliency


def test_weights_make_a_mean():
    saliency = np.zeros((16, 16), np.float32)
    _, found = scene(slice(2, 6), slice(2, 6))
    (common,) = rate_common([saliency], [found])
    (rated,) = find_priors([saliency], [found], PriorConfig(saliency=1, common=2))
    np.testing.assert_allclose(rated, 2 / 3 * common, atol=1e-6)


def test_the_centre_counts_and_no_weight_is_no_opinion():
    saliency = np.zeros((9, 11), np.float32)
    (bell,) = find_priors([saliency], [], PriorConfig(saliency=0, centre=1))
    assert np.unravel_index(bell.argmax(), bell.shape) == (4, 5)
    (flat,) = find_priors([saliency], [], PriorConfig(saliency=0))
    np.testing.assert_array_equal(flat, 0.5)


def test_what_is_common_needs_an_encoder():
    with pytest.raises(InputError, match=r"features\.encoder"):
        find_priors([np.zeros((4, 4), np.float32)], [], PriorConfig(common=1))

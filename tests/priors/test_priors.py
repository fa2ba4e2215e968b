"""Priors on sets whose answer is known."""

import numpy as np
import pytest

from napari_jcc.config import PriorConfig
from napari_jcc.errors import InputError
from napari_jcc.features import FeatureMap
from napari_jcc.priors import CommonPrior, Evidence, SpectralPrior, find_priors
from napari_jcc.priors.common import choose_sign, principal_axis
from napari_jcc.priors.spectral import cut_in_two

OBJECT, REST = np.array([3.0, 0.0, 1.0]), np.array([0.0, 2.0, 1.0])


def scene(rows, columns, size=8, saliency=None):
    """An object of constant descriptor in a surrounding of another."""
    grid = np.tile(REST, (size, size, 1))
    grid[rows, columns] = OBJECT
    found = FeatureMap(grid.astype(np.float16), stride=4, offset=1.5, size=(4 * size,) * 2)
    flat = np.zeros((2 * size, 2 * size), np.float32)
    return Evidence(flat if saliency is None else saliency, found)


def test_the_axis_runs_from_the_rest_to_the_object():
    images = [scene(slice(2, 5), slice(2, 5)), scene(slice(3, 7), slice(1, 4))]
    mean, axis = principal_axis([image.feature_map.values for image in images])
    share = (9 + 12) / 128
    np.testing.assert_allclose(mean, share * OBJECT + (1 - share) * REST, atol=1e-3)
    # Two kinds of descriptors: all variance lies along their difference.
    direction = (OBJECT - REST) / np.linalg.norm(OBJECT - REST)
    assert abs(axis @ direction) == pytest.approx(1, abs=1e-3)


def test_the_common_object_is_rated_one_and_the_rest_zero():
    images = [scene(slice(2, 5), slice(2, 5)), scene(slice(3, 7), slice(2, 6))]
    first, second = CommonPrior().rate(images)
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
    (rated,) = CommonPrior().rate([corner])
    assert rated[1, 1] == pytest.approx(1, abs=1e-3)
    assert rated[8, 8] == 0


def test_a_set_without_differences_is_rated_zero():
    grid = np.ones((4, 4, 3), np.float16)
    image = Evidence(np.zeros((8, 8), np.float32), FeatureMap(grid, 4, 1.5, (16, 16)))
    (rated,) = CommonPrior().rate([image])
    assert np.isfinite(rated).all()
    assert rated.max() == 0


def test_saliency_alone_is_handed_on_untouched():
    saliency = np.random.default_rng(0).random((6, 7), dtype=np.float32)
    (rated,) = find_priors([Evidence(saliency)], PriorConfig())
    assert rated is saliency


def test_weights_make_a_mean():
    saliency = np.zeros((16, 16), np.float32)
    image = scene(slice(2, 6), slice(2, 6), saliency=saliency)
    (common,) = CommonPrior().rate([image])
    (rated,) = find_priors([image], PriorConfig(saliency=1, common=2))
    np.testing.assert_allclose(rated, 2 / 3 * common, atol=1e-6)


def test_the_centre_counts_and_no_weight_is_no_opinion():
    image = Evidence(np.zeros((9, 11), np.float32))
    (bell,) = find_priors([image], PriorConfig(saliency=0, centre=1))
    assert np.unravel_index(bell.argmax(), bell.shape) == (4, 5)
    (flat,) = find_priors([image], PriorConfig(saliency=0))
    np.testing.assert_array_equal(flat, 0.5)


def test_what_is_common_needs_an_encoder():
    image = Evidence(np.zeros((4, 4), np.float32))
    with pytest.raises(InputError, match=r"features\.encoder"):
        find_priors([image], PriorConfig(common=1))


def test_a_cut_separates_two_kinds_of_cells():
    image = scene(slice(2, 5), slice(2, 6))
    part = cut_in_two(image.feature_map.values.astype(np.float32) - [1.5, 1.0, 1.0])
    thing = np.zeros((8, 8), bool)
    thing[2:5, 2:6] = True
    # Both sides are even, and of opposite signs.
    assert np.ptp(part[thing]) < 1e-4
    assert np.ptp(part[~thing]) < 1e-4
    assert part[thing].mean() * part[~thing].mean() < 0


def test_each_image_is_cut_for_itself_and_its_framed_side_is_object():
    """What differs from image to image is no obstacle: nothing need be in common."""
    first = scene(slice(2, 5), slice(2, 5))
    second = scene(slice(3, 6), slice(3, 6))
    second.feature_map.values[3:6, 3:6] = [-3.0, 0.0, 4.0]
    rated = SpectralPrior().rate([first, second])
    assert rated[0][6, 6] == pytest.approx(1, abs=1e-2)
    assert rated[1][9, 9] == pytest.approx(1, abs=1e-2)
    assert rated[0][0].max() == rated[1][0].max() == 0


def test_an_image_of_one_kind_has_no_cut():
    assert not cut_in_two(np.zeros((4, 5, 3), np.float32)).any()
    assert not cut_in_two(np.ones((1, 1, 3), np.float32)).any()


def test_the_cut_takes_part_in_the_mean_and_needs_an_encoder():
    image = scene(slice(2, 5), slice(2, 5))
    (cut,) = SpectralPrior().rate([image])
    (rated,) = find_priors([image], PriorConfig(saliency=1, spectral=1))
    np.testing.assert_allclose(rated, cut / 2, atol=1e-6)
    with pytest.raises(InputError, match=r"prior\.spectral"):
        find_priors([Evidence(image.saliency_map)], PriorConfig(saliency=0, spectral=1))

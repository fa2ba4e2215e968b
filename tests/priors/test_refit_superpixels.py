"""A prior learned from what the superpixels of a set look like, without an encoder."""

import numpy as np
import pytest

from napari_jcc.priors import refit_by_superpixels
from napari_jcc.priors.refit import PRIOR
from napari_jcc.regions.superpixels import measure_superpixels

SIDE, GRID = 66, 11
OBJECT, REST = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@pytest.fixture
def pieces():
    labels = np.arange(GRID**2, dtype=np.int32).reshape(GRID, GRID)
    labels = labels.repeat(SIDE // GRID, axis=0).repeat(SIDE // GRID, axis=1)
    return measure_superpixels(labels, np.zeros((SIDE, SIDE, 3), np.uint8))


def fill(place, value=1.0, low=0.0):
    """Values of the superpixels, with `value` at `place` of their grid."""
    values = np.full((GRID, GRID), low)
    values[place] = value
    return values


def describe(inside, seed):
    """Features of the superpixels, (S, 2), of an object where `inside` is 1."""
    noise = np.random.default_rng(seed).normal(0, 0.15, (GRID**2, 2))
    return (np.where(inside.reshape(-1, 1) > 0, OBJECT, REST) + noise).astype(np.float32)


def as_map(values):
    return values.repeat(SIDE // GRID, 0).repeat(SIDE // GRID, 1).astype(np.float32)


PLACES = [np.s_[3:6, 3:6], np.s_[4:8, 2:5], np.s_[2:5, 4:7], np.s_[4:7, 4:8]]


def test_what_most_images_show_corrects_the_odd_one_out(pieces):
    objects = [fill(place) for place in PLACES]
    priors = [as_map(0.8 * found) for found in objects]
    wrong = np.s_[7:9, 7:9]
    priors[0] = as_map(fill(wrong, 0.8))
    features = [describe(found, seed) for seed, found in enumerate(objects)]
    for rounds in (1, 3):
        learned = refit_by_superpixels(features, [pieces] * 4, priors, rounds)[0]
        inside = as_map(objects[0]) > 0
        assert learned[inside].mean() > learned[as_map(fill(wrong)) > 0].max() + 0.15


def test_what_lies_along_the_border_is_unlearned(pieces):
    """A shore that saliency took along in all images; it looks like the object."""
    shore = np.s_[10:, :]
    objects = [fill(place) for place in PLACES]
    priors = [as_map(np.maximum(0.8 * found, fill(shore, 0.6))) for found in objects]
    features = []
    for seed, found in enumerate(objects):
        own = describe(np.maximum(found, fill(shore)), seed)
        third = fill(shore).reshape(-1, 1)
        features.append(np.hstack([own, third]).astype(np.float32))
    for prior, learned in zip(
        priors, refit_by_superpixels(features, [pieces] * 4, priors, 3), strict=True
    ):
        along = as_map(fill(shore)) > 0
        assert learned[along].max() < 0.3 < prior[along].min()
        assert learned[prior > 0.7].mean() > 0.7


def test_a_quarter_of_the_prior_stays_with_all_its_pixels(pieces, rng):
    objects = [fill(place) for place in PLACES]
    priors = [as_map(0.8 * found) for found in objects]
    grain = rng.uniform(0, 0.2, (SIDE, SIDE)).astype(np.float32)
    # Of mean 0 in every superpixel, so that nothing else is learned.
    step = SIDE // GRID
    means = grain.reshape(GRID, step, GRID, step).mean(axis=(1, 3))
    grain -= as_map(means)
    features = [describe(found, seed) for seed, found in enumerate(objects)]
    plain, grainy = (
        refit_by_superpixels(features, [pieces] * 4, given, 2)
        for given in (priors, [prior + grain for prior in priors])
    )
    for first, second in zip(plain, grainy, strict=True):
        np.testing.assert_allclose(second - first, PRIOR * grain, atol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_nothing_that_stands_out_and_nothing_that_differs(pieces, count, value):
    """Equal saliencies, equal looks, a single image: finite and in range."""
    priors = [np.full((SIDE, SIDE), value, np.float32)] * count
    features = [np.zeros((GRID**2, 2), np.float32)] * count
    for learned in refit_by_superpixels(features, [pieces] * count, priors, 3):
        assert learned.shape == (SIDE, SIDE)
        assert learned.dtype == np.float32
        assert learned.min() >= 0
        assert learned.max() <= 1


def test_large_sets_are_learned_from_a_part_of_their_superpixels(pieces, monkeypatch):
    monkeypatch.setattr("napari_jcc.priors.refit_superpixels.MOST_POINTS", 600)
    objects = [fill(place) for place in PLACES * 3]
    priors = [as_map(0.8 * found) for found in objects]
    features = [describe(found, seed) for seed, found in enumerate(objects)]
    learned = refit_by_superpixels(features, [pieces] * 12, priors, 3)
    for found, prior in zip(learned, priors, strict=True):
        assert found[prior > 0].mean() > found[prior == 0].mean() + 0.3

"""Priors weighed by what images that match show at the same places."""

import numpy as np
import pytest

from napari_jcc.features import FeatureMap
from napari_jcc.priors.propagation import choose_matches, propagate_prior, view_images

SIDE, STRIDE = 24, 4
OBJECT = np.eye(16)[:12].reshape(4, 3, 16)
"""Descriptors of an object of 4 x 3 parts, each of two by two cells."""
SHORE, REST = np.eye(16)[12], np.eye(16)[13]


def scene(place, shore, seed, *, mirrored=False):
    """Image with an object and a piece of shore, both in its prior.

    Places are row and column of the first cell. Returned are the map, the prior, and the
    pixels of object and shore.
    """
    rng = np.random.default_rng(seed)
    grid = np.tile(REST, (SIDE, SIDE, 1))
    inside = np.zeros((2, SIDE, SIDE), bool)
    parts = np.kron(OBJECT.transpose(2, 0, 1), np.ones((2, 2))).transpose(1, 2, 0)
    row, column = place
    grid[row : row + 8, column : column + 6] = parts
    inside[0, row : row + 8, column : column + 6] = True
    row, column = shore
    grid[row : row + 6, column : column + 6] = SHORE
    inside[1, row : row + 6, column : column + 6] = True
    grid += rng.normal(0, 0.05, grid.shape)
    if mirrored:
        grid, inside = grid[:, ::-1], inside[:, :, ::-1]
    found = FeatureMap(
        (grid - grid.mean(axis=(0, 1))).astype(np.float16),
        STRIDE,
        (STRIDE - 1) / 2,
        (SIDE * STRIDE, SIDE * STRIDE),
    )
    prior = inside.any(axis=0).astype(np.float32)
    return found, prior, inside


PLACES = [((4, 4), (16, 16)), ((6, 12), (2, 2)), ((12, 8), (2, 14)), ((8, 6), (0, 14))]


def see(*scenes):
    maps, priors, inside = zip(*scenes, strict=True)
    return view_images(maps, priors), inside


def test_what_is_elsewhere_beside_the_object_counts_less_than_the_object():
    views, inside = see(*(scene(*both, seed) for seed, both in enumerate(PLACES)))
    for number, (own, (there, shore)) in enumerate(zip(views, inside, strict=True)):
        others = [view for place, view in enumerate(views) if place != number]
        carried = propagate_prior(own, others)
        assert carried.dtype == np.float32
        assert 0 <= carried.min() <= carried.max() <= 1
        assert carried[there].mean() > carried[shore].mean() + 0.3
        assert carried[there].mean() > carried[~(there | shore)].mean() + 0.5


def test_an_object_that_one_image_has_missed_is_carried_to_it():
    found, prior, inside = scene(*PLACES[0], 0)
    missed = (found, np.where(inside[0], 0, prior).astype(np.float32), inside)
    own, *others = see(missed, *(scene(*p, i) for i, p in enumerate(PLACES[1:], 1)))[0]
    there, shore = inside
    carried = propagate_prior(own, others)
    assert carried[there].mean() > carried[shore].mean() + 0.1


def test_a_mirrored_image_shows_the_same():
    own, other = scene(*PLACES[0], 0), scene((6, 12), (16, 0), 1)
    turned = scene((6, 12), (16, 0), 1, mirrored=True)
    there = own[2][0]
    straight, mirrored = (
        propagate_prior(views[0], views[1:])[there].mean()
        for views in (see(own, other)[0], see(own, turned)[0])
    )
    assert mirrored == pytest.approx(straight, abs=0.03)
    assert straight > 0.6


def test_the_prior_stays_where_nothing_can_be_matched():
    found, prior, _ = scene(*PLACES[0], 0)
    flat = FeatureMap(np.zeros_like(found.values), STRIDE, 1.5, found.size)
    plain, other = view_images([flat, flat], [prior, np.full_like(prior, 0.5)])
    np.testing.assert_array_equal(propagate_prior(plain, [other]), prior)
    (own,) = view_images([found], [prior])
    np.testing.assert_array_equal(propagate_prior(own, []), prior)


def test_images_are_matched_to_those_with_objects_most_alike():
    alike = [scene(*both, seed) for seed, both in enumerate(PLACES[:3])]
    found, prior, _ = scene(*PLACES[3], 3)
    values = found.values.copy()
    values[prior > 0] = np.eye(16)[14]
    other = FeatureMap(values, STRIDE, 1.5, found.size), prior, None
    views, _ = see(other, *alike)
    assert [set(row) for row in choose_matches(views, 2)[1:]] == [{2, 3}, {1, 3}, {1, 2}]
    assert [len(row) for row in choose_matches(views, 8)] == [3] * 4
    assert choose_matches(views[:1], 8) == [[]]


def test_a_prior_of_nothing_stays_in_range():
    nothing = [
        (found, np.zeros_like(prior), inside)
        for found, prior, inside in (scene(*both, 0) for both in PLACES[:2])
    ]
    own, other = see(*nothing)[0]
    carried = propagate_prior(own, [other])
    assert np.isfinite(carried).all()
    assert 0 <= carried.min() <= carried.max() <= 1


def test_maps_of_few_cells_are_matched_cell_by_cell():
    maps = [FeatureMap(np.ones((2, 3, 4), np.float16), 16, 7.5, (32, 48))] * 2
    views = view_images(maps, [np.ones((32, 48), np.float32)] * 2)
    assert [len(view.weights) for view in views] == [6, 6]
    np.testing.assert_array_equal(propagate_prior(views[0], views[1:]), views[0].prior)

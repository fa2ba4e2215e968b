"""Kernel ridge regression on landmarks."""

from __future__ import annotations

import numpy as np

from napari_jcc.priors.kernel_ridge import AT_ONCE, RIDGE, KernelRidge, square_distances


def test_solves_the_weighted_least_squares_it_states():
    generator = np.random.default_rng(3)
    points = generator.normal(size=(12, 2))
    target, weight = generator.random(12), generator.random(12)
    fitted = KernelRidge(points, 12).fit(target, weight)

    share = weight / weight.sum()
    between = square_distances(points, points)
    kernel = np.exp(-between / np.median(between))
    gradient = kernel.T @ (
        share * (kernel @ fitted.coefficients + share @ target - target)
    ) + RIDGE * (kernel @ fitted.coefficients) / len(points)
    np.testing.assert_allclose(gradient, 0, atol=1e-6)


def test_predicts_what_it_says_of_its_own_points_however_many():
    points = np.random.default_rng(4).normal(size=(AT_ONCE + 7, 3)).astype(np.float32)
    ridge = KernelRidge(points, 20)
    fitted = ridge.fit((points[:, 0] > 0).astype(np.float64), np.ones(len(points)))
    said = fitted.predict(points)

    assert said.dtype == np.float32
    np.testing.assert_allclose(said, ridge.at_points(fitted), atol=1e-4)
    assert np.corrcoef(said, points[:, 0])[0, 1] > 0.7


def test_equal_points_are_given_the_mean():
    fitted = KernelRidge(np.zeros((5, 2)), 3).fit(np.array([1.0, 0, 0, 0, 0]), np.ones(5))
    np.testing.assert_allclose(fitted.predict(np.zeros((2, 2))), 0.2, atol=1e-6)

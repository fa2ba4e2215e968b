"""Costs against their formulas, formed densely."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.config import DiscriminativeConfig
from napari_jcc.features.streaming import Features
from napari_jcc.otsu import otsu_threshold, otsu_thresholds
from napari_jcc.problem import Variables
from napari_jcc.problem.costs import (
    BoxSaliencyCost,
    DiscriminativeCost,
    SmoothnessCost,
    SuperpixelSaliencyCost,
)
from napari_jcc.problem.factor import discriminative_factor
from napari_jcc.problem.joint import factorise


def dense_discriminative(features, beta):
    """Pi (I - X (X' Pi X + beta I)^-1 X') Pi, equations (1) to (4), formed whole."""
    n, d = features.shape
    centring = np.eye(n) - np.full((n, n), 1 / n)
    inner = np.linalg.inv(features.T @ centring @ features + beta * np.eye(d))
    return centring @ (np.eye(n) - features @ inner @ features.T) @ centring


def test_factor_equals_the_dense_formula(rng):
    features = rng.normal(size=(30, 6)).astype(np.float32)
    result = discriminative_factor(features, np.ones(30), 3.0, 0.0)
    dense = np.diag(result.weights) - result.factor @ result.factor.T
    np.testing.assert_allclose(
        dense, dense_discriminative(features.astype(float), result.beta), atol=1e-6
    )
    assert result.trace == pytest.approx(np.trace(dense))


def test_beta_gives_the_degrees_of_freedom(rng):
    features = rng.normal(size=(50, 10)).astype(np.float32)
    result = discriminative_factor(features, np.ones(50), 4.0, 0.0)
    centred = features - features.mean(axis=0)
    values = np.linalg.eigvalsh(centred.T @ centred)
    assert np.sum(values / (values + result.beta)) == pytest.approx(4.0, rel=1e-5)


def test_weighted_factor_is_the_weighted_ridge_optimum(rng):
    """y'Dy is the least weighted squared error plus ridge, found here by lstsq."""
    features = rng.normal(size=(20, 3)).astype(np.float32)
    weights = rng.uniform(0.5, 2.0, 20)
    result = discriminative_factor(features, weights, 2.0, 0.0)
    y = rng.random(20)
    omega = weights / weights.mean()
    rows = np.column_stack([features, np.ones(20)]) * np.sqrt(omega)[:, None]
    ridge = np.sqrt(result.beta) * np.eye(3, 4)
    matrix = np.vstack([rows, ridge])
    target = np.concatenate([np.sqrt(omega) * y, np.zeros(3)])
    residual = target - matrix @ np.linalg.lstsq(matrix, target)[0]
    projected = result.factor.T @ y
    assert omega @ y**2 - projected @ projected == pytest.approx(
        residual @ residual, rel=1e-5
    )


def test_truncation_keeps_the_cost_semidefinite_and_constants_free(rng):
    features = rng.normal(size=(40, 8)).astype(np.float32)
    result = discriminative_factor(features, rng.uniform(1, 3, 40), 3.0, 0.3)
    dense = np.diag(result.weights) - result.factor @ result.factor.T
    assert np.linalg.eigvalsh(dense).min() > -1e-9
    np.testing.assert_allclose(dense @ np.ones(40), 0, atol=1e-5)


def test_equal_features_leave_only_the_centring():
    result = discriminative_factor(np.ones((6, 4), np.float32), np.ones(6), 2.0, 0.03)
    assert result.factor.shape == (6, 1)
    np.testing.assert_allclose(result.factor[:, 0], 1 / np.sqrt(6))


def test_discriminative_cost_is_scaled_to_trace_one(toy, rng):
    factor = discriminative_factor(
        rng.normal(size=(5, 2)).astype(np.float32), np.ones(5), 1.0, 0.0
    )
    terms = DiscriminativeCost("superpixels", factor).terms(Variables(toy))
    dense = terms.sparse.toarray()
    low_rank = terms.low_rank[0]
    dense[low_rank.rows, low_rank.rows] -= low_rank.factor @ low_rank.factor.T
    assert np.trace(dense) == pytest.approx(1.0)
    assert np.all(dense[5:] == 0)


def test_single_box_has_no_discriminative_cost(toy):
    factor = discriminative_factor(np.ones((1, 2), np.float32), np.ones(1), 1.0, 0.0)
    terms = DiscriminativeCost("superpixels", factor).terms(Variables(toy))
    np.testing.assert_array_equal(terms.sparse.toarray(), 0)


def test_smoothness_matches_the_formula(toy):
    cost = SmoothnessCost(2.0, colour_decay=0.05, position_decay=0.001, normalise=False)
    dense = cost.terms(Variables(toy)).sparse.toarray()
    weights = np.eye(5)
    for a, b in ((0, 1), (1, 2), (2, 3), (3, 4)):
        contrast = abs(toy.colour[a, 0] - toy.colour[b, 0])
        weights[a, b] = weights[b, a] = np.exp(-0.001 * 100 - 0.05 * contrast)
    root = np.diag(1 / np.sqrt(weights.sum(axis=1)))
    expected = np.eye(5) - root @ weights @ root
    # P = 2 alpha L, because the program carries the factor one half.
    np.testing.assert_allclose(dense[:5, :5], 4.0 * expected, atol=1e-12)
    np.testing.assert_array_equal(dense[5:], 0)


def test_log_saliency_cost_as_printed(toy):
    cost = SuperpixelSaliencyCost(0.5, "log", 0.01, normalise=False)
    linear = cost.terms(Variables(toy)).linear
    expected = -np.log([0.1, 0.9, 0.8, 0.2, 0.1])
    np.testing.assert_allclose(linear[:5], 0.5 * expected)


def test_log_saliency_counts_the_pixels_of_a_superpixel_when_scaled(toy):
    area = np.array([0.1, 0.4, 0.2, 0.2, 0.1])
    cost = SuperpixelSaliencyCost(1.0, "log", 0.01)
    linear = cost.terms(Variables(replace(toy, area=area))).linear
    expected = -area * np.log(toy.saliency)
    np.testing.assert_allclose(linear[:5], expected / expected.sum())


def test_every_image_counts_the_same_however_many_boxes_it_has(toy, rng):
    data = replace(toy, box_image=np.array([0, 1, 1]), image_count=2)
    data = replace(data, box_area=np.full(3, 0.5))
    features = Features(np.ones((5, 2), np.float32), rng.normal(size=(3, 2)))
    boxes = factorise(features, data, DiscriminativeConfig(weighting="image")).boxes
    np.testing.assert_allclose(boxes.weights, [1.5, 0.75, 0.75])


def test_margin_cost_rewards_what_is_above_otsus_threshold(toy):
    linear = SuperpixelSaliencyCost(1.0, "margin", 0.01).terms(Variables(toy)).linear
    # Otsu splits .1 .1 .2 | .8 .9 in the middle, at .5.
    expected = np.array([0.4, -0.4, -0.3, 0.3, 0.4])
    np.testing.assert_allclose(linear[:5], expected / 1.8)


def test_box_cost_prefers_the_box_with_more_excess(toy):
    linear = BoxSaliencyCost(1.0, "excess", 0.01).terms(Variables(toy)).linear
    expected = -np.log(toy.box_merit)
    np.testing.assert_allclose(linear[5:], expected / expected.sum())
    assert linear[6] < linear[5]


def test_otsu_of_a_constant_group_is_its_value():
    found = otsu_thresholds(
        np.array([0.3, 0.3, 0.0, 1.0]), np.ones(4), np.array([0, 0, 1, 1]), 2
    )
    np.testing.assert_allclose(found, [0.3, 0.5])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 5)), min_size=1, max_size=12))
def test_otsu_maximises_the_variance_between_classes(pairs):
    values, weights = map(np.array, zip(*pairs, strict=True))
    found = otsu_threshold(values, weights)

    def between(threshold):
        high = values > threshold
        if not high.any() or high.all():
            return 0.0
        a, b = weights[high].sum(), weights[~high].sum()
        gap = np.average(values[high], weights=weights[high]) - np.average(
            values[~high], weights=weights[~high]
        )
        return a * b * gap**2

    best = max((between(t) for t in values), default=0.0)
    assert between(found) >= best * (1 - 1e-6) - 1e-12


def test_small_sets_get_less_freedom_than_asked_for(rng):
    """With 60 degrees of freedom for 16 pieces D would vanish, and its trace with it."""
    features = rng.normal(size=(16, 40)).astype(np.float32)
    result = discriminative_factor(features, np.ones(16), 60.0, 0.0)
    # n minus the centring minus a quarter of n.
    assert result.trace == pytest.approx(16 - 1 - 4, rel=1e-4)

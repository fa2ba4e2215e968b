"""Marks as observations of a Gaussian process, against values worked out by hand."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from napari_jcc.interaction import spreading
from napari_jcc.interaction.spreading import (
    NOISE,
    Marked,
    describe_superpixels,
    spread_marks,
    with_prior,
)


def marks(superpixels, target, share=1.0):
    return Marked(superpixels, target, np.full(len(target), share))


NOTHING = marks(np.zeros(0, np.int64), np.zeros(0))


def test_one_mark_moves_what_looks_like_it_by_the_kernel_and_nothing_else():
    features = np.array([[0.0], [1.0], [9.0]])
    before = np.array([0.2, 0.3, 0.4])
    marked = marks(np.array([0]), np.array([1.0]))
    (after,) = spread_marks([features], [before], [marked])
    moved = 0.8 / (1 + NOISE)
    expected = before + moved * np.array([1.0, np.exp(-1.0), np.exp(-81.0)])
    np.testing.assert_allclose(after, expected, rtol=1e-12)


def test_a_superpixel_that_was_grazed_says_less_in_its_image_and_no_less_in_others():
    features, before = np.array([[0.0], [0.5]]), np.array([0.2, 0.2])
    grazed = Marked(np.array([0]), np.array([1.0]), np.array([0.25]))
    own, other = spread_marks([features] * 2, [before] * 2, [grazed, NOTHING])
    kernel = np.exp([0.0, -0.25])
    np.testing.assert_allclose(own, 0.2 + 0.8 / (1 + 4 * NOISE) * kernel, rtol=1e-12)
    np.testing.assert_allclose(other, 0.2 + 0.4 / (1 + NOISE) * kernel, rtol=1e-12)


def test_every_image_doubts_its_own_marks_by_what_was_drawn(rng):
    """Against the system of every image, solved by itself."""
    features, before = rng.normal(size=(3, 8, 2)), rng.uniform(0.4, 0.6, (3, 8))
    drawn = rng.uniform(0.1, 1, (2, 3))
    said = [Marked(np.arange(3), before[i, :3] + 0.05, drawn[i]) for i in range(2)]
    after = spread_marks(list(features), list(before), [*said, NOTHING])
    seen, image = features[:2, :3].reshape(6, 2), np.repeat([0, 1], 3)
    alike, surprise = spreading._kernel(seen, seen), np.full(6, 0.05)
    rho = spreading._likely_share(alike, image, surprise)
    for place in range(3):
        noise = np.where(image == place, NOISE / drawn.ravel(), NOISE)
        covariance = alike * np.where(image[:, None] == image, 1, rho) + np.diag(noise)
        weights = np.linalg.solve(covariance, surprise)
        weights = weights * np.where(image == place, 1, rho)
        expected = before[place] + spreading._kernel(features[place], seen) @ weights
        np.testing.assert_allclose(after[place], np.clip(expected, 0, 1), rtol=1e-9)


def test_of_one_image_s_marks_other_images_believe_half(rng):
    features = rng.normal(size=(6, 3))
    before = rng.uniform(0.4, 0.6, 6)
    marked = marks(np.array([1, 4]), np.array([0.7, 0.3]))
    own, other = spread_marks([features] * 2, [before] * 2, [marked, NOTHING])
    np.testing.assert_allclose(other - before, (own - before) / 2, rtol=1e-9)
    assert own[1] > before[1] and own[4] < before[4]


def test_images_that_agree_teach_the_others_more_than_images_that_do_not(rng):
    features = [rng.normal(size=(40, 1)) for _ in range(3)]
    before = [np.full(40, 0.5)] * 3
    right = [marks(np.arange(40), (own[:, 0] > 0).astype(float)) for own in features]
    wrong = marks(np.arange(40), 1 - right[1].target)
    moved = [
        np.abs(spread_marks(features, before, [right[0], second, NOTHING])[2] - 0.5).mean()
        for second in (right[1], wrong)
    ]
    assert moved[0] > 0.35
    assert moved[1] < 0.05


def test_the_evidence_is_that_of_the_normal_distribution(rng):
    """Against scipy's density; the mean of rho is weighed by it."""
    features = rng.normal(size=(8, 2))
    image = np.repeat([0, 1], 4)
    surprise = rng.normal(size=8)
    alike = spreading._kernel(features, features)
    densities = []
    for share in spreading.SHARES:
        covariance = alike * np.where(image[:, None] == image, 1, share) + NOISE * np.eye(8)
        scale = surprise @ np.linalg.solve(covariance, surprise) / 8
        densities.append(multivariate_normal(cov=scale * covariance).pdf(surprise))
    expected = np.average(spreading.SHARES, weights=densities)
    assert spreading._likely_share(alike, image, surprise) == pytest.approx(expected)


def test_two_alike_marks_agree_on_their_mean():
    """k = 1 between them: y = m + 1'(11' + s I)^-1 (t - m) = m + sum(t - m) / (2 + s)."""
    features, before = np.zeros((3, 2)), np.full(3, 0.5)
    marked = marks(np.array([0, 1]), np.array([1.0, 1.0]))
    (after,) = spread_marks([features], [before], [marked])
    np.testing.assert_allclose(after, 0.5 + 1.0 / (2 + NOISE), rtol=1e-12)
    against = marks(np.array([0, 1]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(spread_marks([features], [before], [against])[0], before)


def test_marks_that_confirm_the_map_and_no_marks_leave_it(rng):
    features, before = rng.normal(size=(5, 2)), np.array([0.0, 1.0, 0.4, 0.6, 0.5])
    confirmed = marks(np.array([0, 1]), np.array([0.0, 1.0]))
    for marked in (confirmed, NOTHING):
        np.testing.assert_array_equal(
            spread_marks([features], [before], [marked])[0], before
        )


def test_of_too_many_marks_those_of_all_images_are_learned_from(rng, monkeypatch):
    monkeypatch.setattr(spreading, "MOST_MARKS", 10)
    features = [np.full((20, 1), 5.0 * number) for number in range(3)]
    before = [np.full(20, 0.5)] * 3
    marked = [marks(np.arange(20), np.full(20, target)) for target in (1.0, 0.0, 1.0)]
    means = [float(after.mean()) for after in spread_marks(features, before, marked)]
    assert means == pytest.approx([1.0, 0.0, 1.0], abs=0.05)


def test_superpixels_are_described_by_their_features_and_place(finished):
    regions = finished.regions[0]
    learned = np.arange(2.0 * len(regions.superpixels)).reshape(-1, 2)
    described = describe_superpixels(learned, regions)
    np.testing.assert_array_equal(described[:, :2], learned)
    height, width = regions.saliency_map.shape
    np.testing.assert_allclose(
        described[:, 2:] * (width, height), regions.superpixels.centre
    )
    assert described[:, 2:].min() > 0 and described[:, 2:].max() < 1


def test_where_the_prior_is_one_everywhere_no_box_holds_more_than_its_share(finished):
    regions = with_prior(finished.regions[0], np.ones(len(finished.regions[0].superpixels)))
    np.testing.assert_array_equal(regions.saliency_map, 1.0)
    np.testing.assert_allclose(regions.box_merit, 0.0, atol=1e-6)

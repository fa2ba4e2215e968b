"""What pixels of the object look like in the whole set."""

from __future__ import annotations

import numpy as np
import pytest

from napari_jcc.results.pixel_classifier import (
    MARK_WEIGHT,
    choose_training_images,
    fit_pixel_classifier,
    mix_prediction,
    sample_pixels,
)
from napari_jcc.results.smooth import split_by_otsu

TRUTH = np.zeros((40, 60), bool)
TRUTH[18:22, 10:50] = True
HALF = np.where(np.arange(60) < 30, 1.0, 0.3).astype(np.float32) * TRUTH
"""A map that is in doubt about the right half of the bar."""
WHOLE = TRUTH.astype(np.float32)


def picture(seed: int) -> np.ndarray:
    """Return a red bar on gray, with noise."""
    image = np.full((*TRUTH.shape, 3), 120.0)
    image[TRUTH] = 200, 40, 40
    noise = np.random.default_rng(seed).normal(0, 5, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def overlap(mask: np.ndarray) -> float:
    return float((mask & TRUTH).sum() / (mask | TRUTH).sum())


def test_what_one_image_misses_others_tell():
    maps = [WHOLE, WHOLE, HALF]
    images = [picture(seed) for seed in range(3)]
    classifier = fit_pixel_classifier(
        [sample_pixels(*pair) for pair in zip(images, maps, strict=True)]
    )
    before = overlap(split_by_otsu(HALF))
    after = overlap(split_by_otsu(mix_prediction(classifier.predict(images[2]), HALF)))
    assert before == 0.5
    assert after > 0.7


def test_a_sample_counts_as_its_image_does():
    sample = sample_pixels(picture(0), WHOLE)
    again = sample_pixels(picture(0), WHOLE)
    assert sample.weight.sum() == pytest.approx(1, abs=0.05)
    on_object = sample.weight[sample.blended > 0.5].sum()
    assert on_object == pytest.approx(TRUTH.mean(), rel=0.1)
    np.testing.assert_array_equal(sample.features, again.features)
    assert np.isnan(sample.decided).all()


def test_marks_are_taught_as_they_are():
    marked = np.zeros(TRUTH.shape, bool)
    marked[18:22, 35:45] = True
    images = [picture(seed) for seed in range(2)]
    samples = [sample_pixels(image, HALF) for image in images]
    plain = fit_pixel_classifier(samples).predict(images[1])
    drawn = sample_pixels(images[0], HALF, {1.0: marked, 0.0: np.zeros_like(marked)})
    taught = fit_pixel_classifier([drawn, samples[1]]).predict(images[1])

    own = drawn.weight[-40:]
    assert own.sum() == pytest.approx(MARK_WEIGHT * marked.mean())
    assert (drawn.decided[-40:] == 1).all()
    # The other image was not drawn on, and looks the same there.
    assert taught[18:22, 35:45].mean() > plain[18:22, 35:45].mean() + 0.1


def test_marks_hold_against_the_map():
    drawn = sample_pixels(picture(0), WHOLE, {1.0: ~TRUTH & False, 0.0: TRUTH})
    classifier = fit_pixel_classifier([drawn])
    assert classifier.predict(picture(1))[TRUTH].mean() < 0.5


def test_images_without_contrast_are_no_trouble():
    flat = np.full((*TRUTH.shape, 3), 90, np.uint8)
    even = np.full(TRUTH.shape, 0.5, np.float32)
    rating = fit_pixel_classifier([sample_pixels(flat, even)]).predict(flat)
    assert np.isfinite(rating).all()
    assert rating.min() >= 0
    assert rating.max() <= 1


def test_large_sets_are_learned_from_in_part_but_from_all_that_was_marked():
    chosen = choose_training_images(500, [3, 77])
    assert {0, 3, 77, 499} <= set(chosen)
    assert len(chosen) <= 42
    assert choose_training_images(3) == [0, 1, 2]

"""Predictions across images."""

import numpy as np

from napari_jcc.priors.folds import FOLDS, predict_by_others


def test_no_image_is_rated_by_what_was_learned_from_itself():
    rng = np.random.default_rng(4)
    features = [rng.normal(size=(6, 3)).astype(np.float32) for _ in range(FOLDS + 2)]
    target = [rows[:, 0].astype(np.float64) for rows in features]
    weights = [np.ones(6)] * len(features)
    before = predict_by_others(features, target, weights)
    target[1] = -10 * target[1]
    after = predict_by_others(features, target, weights)
    np.testing.assert_array_equal(after[1], before[1])
    assert np.abs(after[0] - before[0]).max() > 0.1

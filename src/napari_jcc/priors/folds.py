"""Cross-fitted ridge regression: every image is predicted from images of other folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.threads import one_thread

FOLDS = 5
"""Groups of images, each predicted by a fit to all others."""
RIDGE = 1.0
"""Share of the mean variance that is added to every direction."""


@one_thread
def predict_by_others(
    features: Sequence[Float32Array],
    target: Sequence[FloatArray],
    weights: Sequence[FloatArray],
) -> list[FloatArray]:
    """Predict a number for every row of every image, out of fold.

    Parameters
    ----------
    features : list of (R, F) float32
        Rows of two images or more; R may be 0.
    target : list of (R,) float64
        What is to be predicted.
    weights : list of (R,) float64
        How much every row counts as an example.

    Returns
    -------
    list of (R,) float64
    """
    count = min(FOLDS, len(features))
    folds = [range(fold, len(features), count) for fold in range(count)]
    nothing = np.zeros((features[0].shape[1] + 2,) * 2)
    by_fold = np.stack(
        [
            sum((_moments(features[i], target[i], weights[i]) for i in fold), nothing)
            for fold in folds
        ]
    )
    predicted: list[FloatArray] = [np.zeros(0)] * len(features)
    for fold, own in zip(folds, by_fold, strict=True):
        axis, level = _fit(by_fold.sum(axis=0) - own)
        for place in fold:
            predicted[place] = features[place] @ axis + level
    return predicted


def _moments(features: Float32Array, target: FloatArray, weight: FloatArray) -> FloatArray:
    """Products of features, 1 and the target with each other, (F + 2, F + 2)."""
    rows = np.concatenate(
        [features, np.ones((len(features), 1)), target[:, None]], axis=1, dtype=np.float32
    )
    return ((rows * weight[:, None].astype(np.float32)).T @ rows).astype(np.float64)


def _fit(moments: FloatArray) -> tuple[FloatArray, float]:
    """Ridge regression of the target on the features: axis (F,) and level."""
    total = moments[-2, -2]
    if total <= 0:
        return np.zeros(len(moments) - 2), 0.0
    mean, level = moments[-2, :-2] / total, moments[-2, -1] / total
    covariance = moments[:-2, :-2] / total - np.outer(mean, mean)
    penalty = RIDGE * np.trace(covariance) / len(mean) + 1e-12
    moment = moments[:-2, -1] / total - mean * level
    axis = np.linalg.solve(covariance + penalty * np.eye(len(mean)), moment)
    return axis, float(level - mean @ axis)

r"""The prior learned anew from masks of the whole set, without an encoder.

As `refit` does with an encoder's cells, one classifier of all superpixels, object against
rest, is fitted to the masks of all images: what saliency got wrong in one image and right
in most others is put right, and what it took along of the border is unlearned. Texture and
colour are no linear matter, so it is a kernel ridge regression; of saliency it knows
nothing, or it would repeat it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, MaskArray
from napari_jcc.otsu import otsu_threshold
from napari_jcc.priors.kernel_ridge import KernelRidge, Points
from napari_jcc.priors.refit import ABSOLUTE, BORDER, FLOOR, PRIOR, RELATIVE
from napari_jcc.regions import Superpixels

LANDMARKS, POINTS_EACH = 400, 10
"""About so many landmarks, as `KernelRidge` counts, and one for so many superpixels: as
many as there are superpixels would fit every target exactly."""
MOST_POINTS = 30_000
"""Superpixels that are learned from; of twice as many and more, every second, third and so
on, so that fewer than twice as many are left."""


def refit_by_superpixels(
    features: Sequence[Float32Array],
    pieces: Sequence[Superpixels],
    priors: Sequence[Float32Array],
    rounds: int,
) -> list[Float32Array]:
    """Rate pixels by the mean of their prior and a classifier of the set's superpixels.

    Weights are those of `refit_prior`. The target of a superpixel is whether it lies above
    Otsu's threshold in the map of the round before, at a weight that falls towards the
    threshold.

    Parameters
    ----------
    features : list of (S_i, K) float32
        Of the superpixels of every image, comparable in scale.
    pieces
        The superpixels.
    priors : list of (h, w) float32
        In [0, 1].
    rounds
        At least 1.

    Returns
    -------
    list of (h, w) float32
        In [0, 1].
    """
    own = [found.pool(prior) for prior, found in zip(priors, pieces, strict=True)]
    border = [_on_border(found) for found in pieces]
    everything = np.concatenate(features)
    chosen = slice(None, None, max(1, len(everything) // MOST_POINTS))
    points = everything[chosen]
    landmarks = max(1, min(LANDMARKS, len(points) // POINTS_EACH))
    ridge = KernelRidge(points, landmarks)
    predicted, maps = own, own
    for _ in range(rounds):
        targets = [_targets(*parts) for parts in zip(maps, pieces, border, strict=True)]
        target, weight = (np.concatenate(part) for part in zip(*targets, strict=True))
        fitted = ridge.fit(target[chosen], weight[chosen])
        predicted = [_rate(fitted.predict(part)) for part in features]
        maps = [PRIOR * prior + new for prior, new in zip(own, predicted, strict=True)]
    return [
        (PRIOR * prior + values[found.label_map]).astype(np.float32)
        for prior, values, found in zip(priors, predicted, pieces, strict=True)
    ]


def _on_border(pieces: Superpixels) -> MaskArray:
    """Superpixels that lie mostly within `BORDER` of a side, (S,)."""
    height, width = pieces.label_map.shape
    down, across = (max(1, round(BORDER * length)) for length in (height, width))
    near = np.ones((height, width), np.float32)
    near[down : height - down, across : width - across] = 0
    return pieces.pool(near) > 0.5


def _targets(
    values: FloatArray, pieces: Superpixels, border: MaskArray
) -> tuple[FloatArray, FloatArray]:
    """Targets and weights of an image's superpixels, (S,) each."""
    share = pieces.area.astype(np.float64) / pieces.label_map.size
    threshold = otsu_threshold(values, share)
    certain = np.abs(values - threshold) / (values.std() + 1e-9)
    target = np.where(border, 0.0, values > threshold)
    return target, share * np.where(border, 1.0, np.minimum(certain, 1.0) + 1e-9)


def _rate(predicted: Points) -> FloatArray:
    """Sum of predictions scaled to the image's own range, and as they are."""
    above = np.maximum(predicted - FLOOR, 0)
    relative = above / max(float(above.max()), 1e-9)
    return np.asarray(RELATIVE * relative + ABSOLUTE * np.clip(predicted, 0, 1))

"""How sure a mean is: percentile intervals from resampled images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import FloatArray
from napari_jcc.errors import InputError

DRAWS = 2000
LEVEL = 0.95


class Interval(NamedTuple):
    """A mean and the ends of its interval."""

    mean: float
    low: float
    high: float


def bootstrap_mean(
    groups: Sequence[ArrayLike],
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """Mean over groups of the means within, with its percentile bootstrap interval.

    Images are drawn again within their group (class); the groups stay as they are, so
    the interval tells what other images of the same classes could have given, not other
    classes. For the difference of two methods give the differences image by image: drawn
    in pairs, what makes an image hard for both cancels.

    Parameters
    ----------
    groups : list of (n,) array-like
        A value per image; every group has at least one.
    level
        Share of the draws inside the interval, above 0 and below 1.
    draws
        Number of resamples.
    seed
        Start of the random numbers: the same values give the same interval.

    Raises
    ------
    InputError
        If there is no group, or one is empty or holds values that are not finite.

    References
    ----------
    B. Efron, R. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    values = [_check(np.asarray(group, dtype=np.float64)) for group in groups]
    if not values:
        raise InputError("There are no values to average; score at least one image.")
    rng = np.random.default_rng(seed)
    means = np.mean([_draw_means(group, draws, rng) for group in values], axis=0)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(np.mean([v.mean() for v in values])), float(low), float(high))


def _draw_means(values: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    places = rng.integers(len(values), size=(draws, len(values)))
    return np.asarray(values[places].mean(axis=1))


def _check(values: FloatArray) -> FloatArray:
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise InputError(
            f"Values to average must be a list of finite numbers, got shape "
            f"{values.shape} with {int((~np.isfinite(values)).sum())} that are not finite."
        )
    return values

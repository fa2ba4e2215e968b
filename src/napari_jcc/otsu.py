"""Otsu's threshold of weighted values, for many images at once."""

from __future__ import annotations

import numpy as np

from napari_jcc._types import FloatArray, IntArray


def otsu_thresholds(
    values: FloatArray, weights: FloatArray, group: IntArray, group_count: int
) -> FloatArray:
    """Threshold that best splits the values of every group into two classes.

    Exact: every cut between two sorted values is tried, without a histogram.

    Parameters
    ----------
    values : (n,) float64
        What is split.
    weights : (n,) float64
        Positive.
    group : (n,) int64
        Group of every value, non-decreasing.
    group_count
        Number of groups; each has at least one value.

    Returns
    -------
    (group_count,) float64
        Midpoint of the best cut; where all values are equal, that value.

    References
    ----------
    N. Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    order = np.lexsort((values, group))
    value, weight = values[order], weights[order]
    starts = np.searchsorted(group, np.arange(group_count))
    mass = _running_sum(weight, group, starts)
    moment = _running_sum(weight * value, group, starts)
    last = np.append(starts[1:], len(values)) - 1
    total_mass, total_moment = mass[last][group], moment[last][group]
    rest = total_mass - mass
    with np.errstate(divide="ignore", invalid="ignore"):
        # Variance between the classes, up to the constant total mass.
        between = (moment * total_mass - mass * total_moment) ** 2 / (mass * rest)
    following = np.minimum(np.arange(len(value)) + 1, last[group])
    # A cut must fall between two different values of the same group.
    between = np.where(value[following] > value, between, -1.0)
    best = np.lexsort((np.arange(len(value)), -between, group))[starts]
    return np.asarray(0.5 * (value[best] + value[following[best]]))


def otsu_threshold(values: FloatArray, weights: FloatArray) -> float:
    """Threshold of one group of values, (n,), at least one; see `otsu_thresholds`."""
    group = np.zeros(len(values), dtype=np.int64)
    return float(otsu_thresholds(values, weights, group, 1)[0])


def _running_sum(values: FloatArray, group: IntArray, starts: IntArray) -> FloatArray:
    """Cumulative sum that begins anew in every group."""
    total = np.cumsum(values)
    before = np.concatenate([[0.0], total])[starts]
    return np.asarray(total - before[group])

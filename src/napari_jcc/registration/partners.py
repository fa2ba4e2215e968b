"""Grid points of two images that may belong together, and the shift that they vote for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, IntArray, MaskArray
from napari_jcc.registration.grid import GridFeatures

VOTE_BIN = 0.1
"""Width of the bins of shifts; half the longer side of an image is 1."""
VOTE_REACH = 3.05
STANDING_OUT = 2.0
"""Times as likely as any other pair that the likeliest is, where images show anything."""
RULED_OUT = np.float32(-1e4)
"""Similarity of points that cannot be partners; finite, so that a softmax of none is."""


@dataclass(frozen=True)
class Partners:
    """Pairs of grid points that may belong together.

    Attributes
    ----------
    ours, theirs : (M,) int64
        Places in the grids of source and target.
    chance : (M,) float64
        Matching probability, in (0, 1].
    """

    ours: IntArray
    theirs: IntArray
    chance: FloatArray

    def turned(self) -> Partners:
        """Return the same pairs with source and target changing places."""
        return Partners(self.theirs, self.ours, self.chance)


class Start(NamedTuple):
    """A map x -> scale x + shift from the target to the source, in their frames."""

    shift: FloatArray
    scale: float = 1.0

    def inverse(self) -> Start:
        """Return the map from the source to the target."""
        return Start(-self.shift / self.scale, 1 / self.scale)


def find_partners(a: GridFeatures, b: GridFeatures, temperature: float) -> Partners:
    """Pair grid points by the product of the softmaxes of their similarity both ways.

    Pairs whose probability is below a thousandth of the best of either point are left out;
    and all of them where none stands out, as between images of one colour.
    """
    return pair_points(compare_points(a, b) / np.float32(temperature))


def compare_points(a: GridFeatures, b: GridFeatures) -> Float32Array:
    """Cosine similarity (n of a, n of b) of what grid points have beyond what all share."""
    shared = (a.values.mean(axis=0) + b.values.mean(axis=0)) / 2
    ours, theirs = unit_length(a.values - shared), unit_length(b.values - shared)
    similarity: Float32Array = ours @ theirs.T
    return similarity


def pair_points(similarity: Float32Array, ruled_out: MaskArray | None = None) -> Partners:
    """Pair the points of two grids as `find_partners`, but for pairs that are ruled out."""
    if ruled_out is not None:
        similarity = np.where(ruled_out, RULED_OUT, similarity)
    chance = _softmax(similarity, 0) * _softmax(similarity, 1)
    if ruled_out is not None:
        chance[ruled_out] = 0
    if chance.max() * chance.size < STANDING_OUT:
        none = np.empty(0, dtype=np.int64)
        return Partners(none, none, np.empty(0))
    floor = 1e-3 * np.minimum(
        chance.max(axis=0, keepdims=True), chance.max(axis=1, keepdims=True)
    )
    ours, theirs = np.nonzero(chance > np.maximum(floor, 1e-12))
    return Partners(ours, theirs, chance[ours, theirs].astype(np.float64))


def vote_for_start(
    ends: FloatArray, starts: FloatArray, votes: FloatArray, scales: Sequence[float]
) -> Start:
    """Find the scale and the shift that most of `votes` (M,) for pairs are near.

    Without votes the answer is no shift.

    Parameters
    ----------
    ends, starts : (M, 2)
        Where the points of each pair lie in source and target.
    votes : (M,)
        How much each pair counts.
    scales
        To choose among.
    """
    if not len(votes):
        return Start(np.zeros(2))
    found = [(*_vote(ends - scale * starts, votes), scale) for scale in scales]
    _, shift, scale = max(found, key=lambda part: part[0])
    return Start(shift, scale)


def _vote(shifts: FloatArray, votes: FloatArray) -> tuple[float, FloatArray]:
    side = round(2 * VOTE_REACH / VOTE_BIN)
    place = np.clip(((shifts + VOTE_REACH) / VOTE_BIN).astype(np.int64), 0, side - 1)
    counts = np.bincount(place[:, 1] * side + place[:, 0], votes, side * side)
    smooth = cv2.GaussianBlur(counts.reshape(side, side), (0, 0), 2.0)
    row, column = np.unravel_index(smooth.argmax(), smooth.shape)
    shift: FloatArray = (np.array([column, row]) + 0.5) * VOTE_BIN - VOTE_REACH
    return float(smooth[row, column]), shift


def unit_length(values: Float32Array) -> Float32Array:
    """Divide descriptors (..., D) by their lengths; zeros stay."""
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    unit: Float32Array = values / np.maximum(length, np.float32(1e-6))
    return unit


def _softmax(values: Float32Array, axis: int) -> Float32Array:
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    share: Float32Array = powers / powers.sum(axis=axis, keepdims=True)
    return share

"""A matcher without training: similar grid points vote, then a smooth map is registered."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.matching.baselines.grid_features import Describer, GridFeatures
from napari_jcc.matching.baselines.matcher import PairMatch
from napari_jcc.matching.baselines.thin_plate import Bends, SmoothMap, fit_smooth_map

NO_CHANGE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
VOTE_BIN = 0.1
"""Width of the bins of shifts; half the longer side of an image is 1."""
VOTE_REACH = 2.05


@dataclass(frozen=True)
class RegistrationSettings:
    """How freely a registration may move; lengths in halves of an image's longer side.

    Attributes
    ----------
    temperature
        Difference of cosine similarity that makes a partner e times as likely.
    tolerance
        Distance at which partners may lie from where the map leads, first and last.
    steps
        Fits of the map, with less and less tolerance; bends are allowed in the second
        half.
    ridge
        Price of scaling, rotating and shearing.
    bending
        Price of bending.
    controls
        Control points along each side of the image.
    """

    temperature: float = 0.05
    tolerance: tuple[float, float] = (0.4, 0.08)
    steps: int = 12
    ridge: float = 0.03
    bending: float = 1e-3
    controls: int = 5


class RegistrationMatcher:
    """Registers two images by expectation maximisation on the similarity of their grids.

    The probability that two grid points belong together is the product of two softmaxes of
    their similarity, over the points of either image. Probable partners vote for a shift.
    From there on, in turn: every point of the target expects its partner at the mean of
    its probable partners, each counting less the further it is from where the map leads
    now; and an affine map, later with bends of a thin plate, is fitted to these
    expectations.

    Parameters
    ----------
    describer
        Describes the images.
    settings
        How freely the map may move.

    References
    ----------
    M. Cho, S. Kwak, C. Schmid, J. Ponce, "Unsupervised object discovery and localization
    in the wild", CVPR 2015 (votes for shifts). A. Myronenko, X. Song, "Point set
    registration: coherent point drift", TPAMI 2010 (expectation and smooth fit in turn).
    """

    name = "registration"

    def __init__(
        self, describer: Describer, settings: RegistrationSettings | None = None
    ) -> None:
        self._describer = describer
        self._settings = settings or RegistrationSettings()

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images; see `PairMatcher.match`."""
        a, b = self._describer.describe(source), self._describer.describe(target)
        partners = find_partners(a, b, self._settings.temperature)
        fitted, agreement = register(a, b, partners, self._settings)
        tree = cKDTree(b.centres)

        def transfer(points: FloatArray) -> FloatArray:
            return a.frame.leave(fitted(b.frame.enter(points)))

        def confidence(points: FloatArray) -> FloatArray:
            sure: FloatArray = agreement[tree.query(points)[1]]
            return sure

        return PairMatch(transfer, confidence)


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


def find_partners(a: GridFeatures, b: GridFeatures, temperature: float) -> Partners:
    """Pair grid points by the product of the softmaxes of their similarity both ways.

    What all points of the two images share is taken off the descriptors first. Pairs whose
    probability is below a thousandth of the best of either point are left out.
    """
    shared = (a.values.mean(axis=0) + b.values.mean(axis=0)) / 2
    similarity = _unit(a.values - shared) @ _unit(b.values - shared).T / temperature
    chance = _softmax(similarity, 0) * _softmax(similarity, 1)
    floor = 1e-3 * np.minimum(
        chance.max(axis=0, keepdims=True), chance.max(axis=1, keepdims=True)
    )
    ours, theirs = np.nonzero(chance > np.maximum(floor, 1e-12))
    return Partners(ours, theirs, chance[ours, theirs].astype(np.float64))


def register(
    a: GridFeatures, b: GridFeatures, partners: Partners, settings: RegistrationSettings
) -> tuple[SmoothMap, FloatArray]:
    """Fit the map that leads from target `b` to source `a`, both in their frames.

    Returns
    -------
    fitted
        The map.
    agreement : (n of b,) float64
        Share of the matching probability of every grid point that lies where the map
        leads, in [0, 1].
    """
    ends, starts = a.frame.enter(a.centres), b.frame.enter(b.centres)
    prior = NO_CHANGE.copy()
    prior[0] = vote_for_shift(
        ends[partners.ours] - starts[partners.theirs], partners.chance
    )
    fitted = SmoothMap(prior)

    def gather(values: FloatArray) -> FloatArray:
        """Sum values (M,) of partners by the grid point of the target."""
        sums = np.bincount(partners.theirs, values, len(starts))
        return np.asarray(sums, dtype=np.float64)

    every = gather(partners.chance)
    near = every
    for step, tolerance in enumerate(np.geomspace(*settings.tolerance, settings.steps)):
        led = fitted(starts)
        squares = np.square(ends[partners.ours] - led[partners.theirs]).sum(axis=1)
        weight = partners.chance * np.exp(-squares / (2 * tolerance**2))
        near = gather(weight)
        total = np.column_stack([gather(weight * c[partners.ours]) for c in ends.T])
        expected = total / np.maximum(near, 1e-300)[:, None]
        fitted = fit_smooth_map(
            starts,
            expected,
            near + 1e-12,
            prior=prior,
            ridge=settings.ridge,
            bending=settings.bending,
            bends=Bends.on_grid(settings.controls) if 2 * step >= settings.steps else None,
        )
    return fitted, near / np.maximum(every, 1e-300)


def vote_for_shift(shifts: FloatArray, votes: FloatArray) -> FloatArray:
    """Find the shift (2,) that most of `votes` (M,) for `shifts` (M, 2) are near."""
    side = round(2 * VOTE_REACH / VOTE_BIN)
    place = np.clip(((shifts + VOTE_REACH) / VOTE_BIN).astype(np.int64), 0, side - 1)
    counts = np.bincount(place[:, 1] * side + place[:, 0], votes, side * side)
    smooth = cv2.GaussianBlur(counts.reshape(side, side), (0, 0), 2.0)
    row, column = np.unravel_index(smooth.argmax(), smooth.shape)
    shift: FloatArray = (np.array([column, row]) + 0.5) * VOTE_BIN - VOTE_REACH
    return shift


def _unit(values: Float32Array) -> Float32Array:
    length = np.linalg.norm(values, axis=1, keepdims=True)
    unit: Float32Array = values / np.maximum(length, np.float32(1e-6))
    return unit


def _softmax(values: Float32Array, axis: int) -> Float32Array:
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    share: Float32Array = powers / powers.sum(axis=axis, keepdims=True)
    return share

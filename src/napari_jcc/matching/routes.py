"""Ways between two images of a set, the direct one and those by way of others.

What misleads the match of two images seldom misleads the ways through other images in the
same direction. So the median of where all these ways lead is nearer than any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.matching.baselines import PairMatch, PointMap
from napari_jcc.matching.known import KnownPairs
from napari_jcc.matching.pair import (
    JUDGED_POINTS,
    PairResult,
    Sizes,
    fit_theta,
    from_unit,
    grid_points,
    to_unit,
)
from napari_jcc.registration.thin_plate import Bends, SmoothMap, fit_smooth_map

WANDERING = 0.1
"""Distance of a point from its start, as share of the image side, after every step of a way
was taken there and back, that makes the way e times less trusted."""
NEAR = 0.01
"""Distance from the median, as share of the image side, below which ways count alike."""
MEDIAN_ROUNDS = 20
CONTROLS = 5
"""Control points of the answer's spline along each side of the image."""
BENDING = 1e-3
"""Price of the spline's bending energy."""
RIDGE = 1e-6
"""Price of leaving the affine map that fits best; settles what no point says."""


class Walk(NamedTuple):
    """Where one way leads.

    Attributes
    ----------
    ends : (K, 2) float64
        In pixels.
    trust : (K,) float64
        How far each is to be trusted, above 0.
    """

    ends: FloatArray
    trust: FloatArray


def walk(known: KnownPairs, way: Sequence[int], points: FloatArray) -> Walk:
    """Carry points (K, 2) of the first image of a way to the last."""
    wandered = np.zeros(len(points))
    for start, end in pairwise(way):
        points, errors = known.step(start, end, points)
        wandered += errors
    trust = known.confidence(way) * np.exp(-wandered / WANDERING)
    return Walk(points, np.maximum(trust, 1e-9))


def share_near(
    walks: Sequence[Walk], points: FloatArray, size: tuple[int, int], tolerance: float
) -> FloatArray:
    """Share of the ways, by their trust, that end close to points (K, 2): (K,) in [0, 1].

    Parameters
    ----------
    walks
        To the image that the points lie in.
    points
        In pixels.
    size
        Height and width of that image.
    tolerance
        What is close, as share of its side.
    """
    ends, trust = (np.stack(part) for part in zip(*walks, strict=True))
    distance = np.linalg.norm((ends - points) / size[::-1], axis=2)
    return np.asarray(np.average(distance <= tolerance, axis=0, weights=trust))


class Meeting(NamedTuple):
    """Where ways lead together.

    Attributes
    ----------
    ends : (K, 2) float64
        Weighted geometric medians of where they lead, in pixels.
    spread : (K,) float64
        Mean distance of the ways from there, as share of the image side.
    """

    ends: FloatArray
    spread: FloatArray


def meet(walks: Sequence[Walk], size: tuple[int, int]) -> Meeting:
    """Find where ways to an image of `size` (height, width) lead together."""
    ends, trust = (np.stack(part) for part in zip(*walks, strict=True))
    shares = ends / size[::-1]
    middle = geometric_median(shares, trust)
    distance = np.linalg.norm(shares - middle, axis=2)
    return Meeting(middle * size[::-1], np.average(distance, axis=0, weights=trust))


class Routes:
    """All ways from one image to another.

    Parameters
    ----------
    known
        Pairs that the ways are made of.
    ways
        Places of the images that each of them visits, the same two first and last.
    size
        Height and width of the image they lead to.
    tolerance
        Distance from the median, as share of the image side, at which a way agrees.
    witnesses
        Pairs that the ways are made of that may agree.
    """

    def __init__(
        self,
        known: KnownPairs,
        ways: Sequence[Sequence[int]],
        size: tuple[int, int],
        tolerance: float,
        witnesses: KnownPairs,
    ) -> None:
        self._known = known
        self._witnesses = witnesses
        self._ways = ways
        self._size = size
        self._tolerance = tolerance

    def meet(self, points: FloatArray) -> Meeting:
        """Carry points (K, 2) along all ways."""
        return meet(self._walk(self._known, points), self._size)

    def agreement(self, points: FloatArray) -> FloatArray:
        """Share of the witnesses' ways that agree, at points (K, 2): (K,) in [0, 1]."""
        walks = self._walk(self._witnesses, points)
        return share_near(walks, self.meet(points).ends, self._size, self._tolerance)

    def _walk(self, known: KnownPairs, points: FloatArray) -> list[Walk]:
        points = np.asarray(points, dtype=np.float64)
        return [walk(known, way, points) for way in self._ways]


def geometric_median(points: FloatArray, weights: FloatArray) -> FloatArray:
    """Find the points (K, 2) whose weighted sum of distances from R others each is least.

    By Weiszfeld's iteration, with `NEAR` added to every distance.

    Parameters
    ----------
    points : (R, K, 2) float64
        Where R ways lead from each of K points.
    weights : (R, K) float64
        How much each counts, above 0.
    """
    pull = weights
    for _ in range(MEDIAN_ROUNDS):
        middle = (pull[..., None] * points).sum(axis=0) / pull.sum(axis=0)[:, None]
        pull = weights / (np.linalg.norm(points - middle, axis=2) + NEAR)
    return np.asarray(middle)


def match_through(
    known: KnownPairs,
    pair: PairResult,
    middles: Sequence[int],
    witnesses: KnownPairs | None = None,
) -> PairResult:
    """Match two images by all ways between them, the direct one and one by each of others.

    Both directions are thin plate transformations fitted to where the ways meet. A point
    counts as inlier only where more than half of the ways agree.

    Parameters
    ----------
    known
        `pair`, and each of its images with each of `middles`.
    pair
        What is known directly.
    middles
        Places of other images.
    witnesses
        The same pairs, matched independently of each other: those who agree are counted
        by these. As `known` when None.
    """
    witnesses = known if witnesses is None else witnesses
    places = pair.source, pair.target
    back = [places, *((pair.source, middle, pair.target) for middle in middles)]
    there = [way[::-1] for way in back]
    sizes, tolerance = pair.sizes, pair.tolerance
    to_source = Routes(known, there, sizes[0], tolerance, witnesses)
    forward = _fit(to_source, sizes)
    to_target = Routes(known, back, sizes[1], tolerance, witnesses)
    backward = _fit(to_target, sizes[::-1])
    judged = PairResult.judge(
        places,
        sizes,
        PairMatch(_in_pixels(forward, sizes), to_source.agreement),
        PairMatch(_in_pixels(backward, sizes[::-1])),
        tolerance,
        by_majority=True,
    )
    affine, tps = _theta(forward)
    return replace(judged, theta_affine=affine, theta_tps=tps)


def _fit(routes: Routes, sizes: Sizes) -> SmoothMap:
    """Fit where points of the second image meet in the first; in units of `to_unit`."""
    points = grid_points(sizes[1], JUDGED_POINTS)
    met = routes.meet(points)
    prior = fit_theta(points, met.ends, sizes).reshape(2, 3).T[[2, 0, 1]]
    return fit_smooth_map(
        to_unit(points, sizes[1]),
        to_unit(met.ends, sizes[0]),
        1 / (met.spread + NEAR),
        prior=prior,
        ridge=RIDGE,
        bending=BENDING,
        bends=Bends.on_grid(CONTROLS),
    )


def _in_pixels(fitted: SmoothMap, sizes: Sizes) -> PointMap:
    def carry(points: FloatArray) -> FloatArray:
        unit = to_unit(np.asarray(points, dtype=np.float64), sizes[1])
        return from_unit(fitted(unit), sizes[0])

    return carry


def _theta(fitted: SmoothMap) -> tuple[FloatArray, FloatArray]:
    """Affine and thin plate parameters of a map, as a network would give them.

    Splines with the same control points are the same where these go to the same places, so
    the thin plate part says where they are before the affine part.
    """
    shift, linear = fitted.coefficients[0], fitted.coefficients[1:3]
    affine = np.column_stack([linear.T, shift]).ravel()
    controls = fitted(Bends.on_grid(CONTROLS).controls)
    inner = (controls - shift) @ np.linalg.pinv(linear)
    return affine, inner.T.ravel()

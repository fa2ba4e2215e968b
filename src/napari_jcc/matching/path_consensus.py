"""Two images matched by the consensus of all paths between them through other images.

A chance error of one match seldom repeats itself, in the same direction, on the paths
through other images. The weighted geometric median of where all paths lead is therefore
more exact than the direct match. What is wrong with an image itself, such as being
mirrored, misleads all paths alike; so the direct match has a say in the confidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.matching.baselines import PairMatch, PointMap
from napari_jcc.matching.match_graph import MatchGraph
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

CYCLE_SCALE = 0.1
"""Sum of a path's cycle errors, in image sides, that divides its weight by e."""
NEAR = 0.01
"""Distance from the median, as share of the image side, below which paths count alike."""
MEDIAN_ROUNDS = 20
CONTROLS = 5
"""Control points of the fitted spline along each side of the image."""
BENDING = 1e-3
"""Weight of the spline's bending energy."""
RIDGE = 1e-6
"""Weight of deviating from the best affine map; decides where there are no points."""


class PathEnds(NamedTuple):
    """Where one path takes points.

    Attributes
    ----------
    ends : (K, 2) float64
        In pixels of the last image.
    weights : (K,) float64
        Above 0: the confidence of the path, less where its cycle error is large.
    """

    ends: FloatArray
    weights: FloatArray


def follow_path(graph: MatchGraph, path: Sequence[int], points: FloatArray) -> PathEnds:
    """Map points (K, 2), in pixels, of the first image of a path to its last image."""
    errors = np.zeros(len(points))
    for start, end in pairwise(path):
        points, added = graph.transfer(start, end, points)
        errors += added
    weights = graph.path_confidence(path) * np.exp(-errors / CYCLE_SCALE)
    return PathEnds(points, np.maximum(weights, 1e-9))


def agreeing_share(
    paths: Sequence[PathEnds],
    points: FloatArray,
    size: tuple[int, int],
    tolerance: float,
) -> FloatArray:
    """Weighted share of the paths that end near the given points, (K,) in [0, 1].

    Parameters
    ----------
    paths
        Where paths to one image take K points.
    points : (K, 2)
        Points of that image, in pixels.
    size
        Height and width of that image.
    tolerance
        Largest distance that counts as near, as share of the image side.
    """
    ends, weights = (np.stack(part) for part in zip(*paths, strict=True))
    distance = np.linalg.norm((ends - points) / size[::-1], axis=2)
    return np.asarray(np.average(distance <= tolerance, axis=0, weights=weights))


class Consensus(NamedTuple):
    """Where several paths together take points.

    Attributes
    ----------
    points : (K, 2) float64
        Weighted geometric medians of the ends of the paths, in pixels.
    spread : (K,) float64
        Weighted mean distance of the ends from there, as share of the image side.
    """

    points: FloatArray
    spread: FloatArray


def find_consensus(paths: Sequence[PathEnds], size: tuple[int, int]) -> Consensus:
    """Find the consensus of paths to an image of `size` (height, width)."""
    ends, weights = (np.stack(part) for part in zip(*paths, strict=True))
    shares = ends / size[::-1]
    middle = geometric_median(shares, weights)
    distance = np.linalg.norm(shares - middle, axis=2)
    return Consensus(middle * size[::-1], np.average(distance, axis=0, weights=weights))


class PathSet:
    """All paths from one image to another.

    Parameters
    ----------
    graph
        Matches that the paths follow.
    paths
        Images of each path; all begin and end with the same two.
    size
        Height and width of the last image.
    tolerance
        Distance from the consensus, as share of the image side, up to which a path agrees.
    witnesses
        Matches that are followed to count which paths agree.
    """

    def __init__(
        self,
        graph: MatchGraph,
        paths: Sequence[Sequence[int]],
        size: tuple[int, int],
        tolerance: float,
        witnesses: MatchGraph,
    ) -> None:
        self._graph = graph
        self._witnesses = witnesses
        self._paths = paths
        self._size = size
        self._tolerance = tolerance

    def consensus(self, points: FloatArray) -> Consensus:
        """Map points (K, 2), in pixels, along all paths."""
        return find_consensus(self._follow(self._graph, points), self._size)

    def agreement(self, points: FloatArray) -> FloatArray:
        """Share of the paths, followed on `witnesses`, that agree at K points, (K,)."""
        ends = self._follow(self._witnesses, points)
        goals = self.consensus(points).points
        return agreeing_share(ends, goals, self._size, self._tolerance)

    def _follow(self, graph: MatchGraph, points: FloatArray) -> list[PathEnds]:
        points = np.asarray(points, dtype=np.float64)
        return [follow_path(graph, path, points) for path in self._paths]


def geometric_median(points: FloatArray, weights: FloatArray) -> FloatArray:
    """Find K points, each with the least weighted sum of distances to R given ones.

    Weiszfeld's iteration, with `NEAR` added to every distance.

    Parameters
    ----------
    points : (R, K, 2) float64
        R candidates for each of the K points.
    weights : (R, K) float64
        Above 0.

    Returns
    -------
    median : (K, 2) float64
    """
    pull = weights
    for _ in range(MEDIAN_ROUNDS):
        middle = (pull[..., None] * points).sum(axis=0) / pull.sum(axis=0)[:, None]
        pull = weights / (np.linalg.norm(points - middle, axis=2) + NEAR)
    return np.asarray(middle)


def match_by_consensus(
    graph: MatchGraph,
    pair: PairResult,
    intermediates: Sequence[int],
    witnesses: MatchGraph | None = None,
) -> PairResult:
    """Match two images by the direct path and one path through each of other images.

    In both directions a thin plate spline is fitted to the consensus of the paths. A point
    is an inlier only where more than half of the paths agree. In the confidences, of the
    pair and at points, the agreement of the paths is replaced by its geometric mean with
    the agreement of the two images under the direct match.

    Parameters
    ----------
    graph
        Holds `pair`, and the pairs of each of its images with each of `intermediates`.
    pair
        The direct match.
    intermediates
        Other images.
    witnesses
        The same pairs, each matched from its own two images alone; the paths that agree are
        counted on these, because matches that share descriptors agree in any case. None:
        `graph`.
    """
    witnesses = graph if witnesses is None else witnesses
    ends = pair.source, pair.target
    back = [ends, *((pair.source, middle, pair.target) for middle in intermediates)]
    there = [path[::-1] for path in back]
    sizes, tolerance = pair.sizes, pair.tolerance
    to_source = PathSet(graph, there, sizes[0], tolerance, witnesses)
    forward = _fit(to_source, sizes)
    to_target = PathSet(graph, back, sizes[1], tolerance, witnesses)
    backward = _fit(to_target, sizes[::-1])
    judged = PairResult.judge(
        ends,
        sizes,
        PairMatch(_in_pixels(forward, sizes), to_source.agreement),
        PairMatch(_in_pixels(backward, sizes[::-1])),
        tolerance,
        by_majority=True,
    )
    affine, tps = _theta(forward)

    def confidence_at(points: FloatArray) -> FloatArray:
        return np.sqrt(pair.agreement * judged.confidence_at(points))

    return replace(
        judged,
        confidence_at=confidence_at,
        confidence=judged.inlier_share * math.sqrt(pair.agreement * judged.agreement),
        theta_affine=affine,
        theta_tps=tps,
        agreement=pair.agreement,
        usual_agreement=pair.usual_agreement,
    )


def _fit(paths: PathSet, sizes: Sizes) -> SmoothMap:
    """Fit a spline, from points of the second image to the first, in units of `to_unit`."""
    points = grid_points(sizes[1], JUDGED_POINTS)
    found = paths.consensus(points)
    prior = fit_theta(points, found.points, sizes).reshape(2, 3).T[[2, 0, 1]]
    return fit_smooth_map(
        to_unit(points, sizes[1]),
        to_unit(found.points, sizes[0]),
        1 / (found.spread + NEAR),
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
    """Affine and thin plate parameters of a map, such as `Transform` takes them.

    A spline is determined by the images of its control points. Those of the thin plate part
    are the images under the whole map, with the affine part undone.
    """
    shift, linear = fitted.coefficients[0], fitted.coefficients[1:3]
    affine = np.column_stack([linear.T, shift]).ravel()
    controls = fitted(Bends.on_grid(CONTROLS).controls)
    inner = (controls - shift) @ np.linalg.pinv(linear)
    return affine, inner.T.ravel()

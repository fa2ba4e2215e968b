"""The match of two images, from whatever matcher: maps in both directions, confidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.collection.turns import AS_IS, Turn
from napari_jcc.errors import InputError
from napari_jcc.matching.baselines import PairMatch, PointMap

JUDGED_POINTS = 20
"""Points along each side of the target that a pair is judged by."""
Sizes = tuple[tuple[int, int], tuple[int, int]]


class Correspondences(NamedTuple):
    """Corresponding points of two images, x and y in pixels.

    Attributes
    ----------
    sources, targets : (K, 2) float64
    confidence : (K,) float64
        In [0, 1].
    """

    sources: FloatArray
    targets: FloatArray
    confidence: FloatArray


@dataclass(frozen=True)
class PairResult:
    """The match of a source and a target image.

    Attributes
    ----------
    source, target
        Indices of the images in the collection.
    sizes
        Height and width in pixels of source and target.
    to_source, to_target
        Map points (K, 2), or one (2,), from target to source, and from source to target. x
        and y in pixels, with the centre of the first pixel at 0.
    confidence_at
        Confidence at points (K, 2) of the target: (K,) in [0, 1].
    theta_affine : (6,) float64
        a, b, c, d, e, f of x' = a x + b y + c, y' = d x + e y + f, from target to source in
        coordinates from -1 to 1 between the outer edges of each image: those of the
        network, or fitted to the map of another matcher.
    theta_tps : (2 G,) float64 or None
        Images of a square grid of G control points under a thin plate spline that is
        applied before the affine map: all x, then all y. None from matchers without one.
    cycle_error
        Mean, over a grid of target points, of the distance between a point and its image
        under the map to the source and back, as share of the image side.
    inlier_share
        Share of these points that are mapped into the source and have a cycle error within
        the tolerance, in [0, 1].
    confidence
        Of the whole pair, in [0, 1]; comparable between pairs of one matcher only.
    tolerance
        Largest cycle error of a match, as share of the image side.
    agreement
        How well the two images by themselves agree under their direct match, in [0, 1]: the
        mean confidence of the matcher; comparable between pairs of one matcher only.
    usual_agreement
        What is usual in the set, see `odd_images`; 0 if unknown.
    instance
        Number of the map, from 1, where several maps between two images were wanted.
    turns
        How source and target were turned before they were matched; all else is about the
        images as they are.
    """

    source: int
    target: int
    sizes: Sizes
    to_source: Callable[[ArrayLike], FloatArray]
    to_target: Callable[[ArrayLike], FloatArray]
    confidence_at: Callable[[FloatArray], FloatArray]
    theta_affine: FloatArray
    theta_tps: FloatArray | None
    cycle_error: float
    inlier_share: float
    confidence: float
    tolerance: float
    agreement: float
    usual_agreement: float = 0.0
    instance: int = 1
    turns: tuple[Turn, Turn] = (AS_IS, AS_IS)

    def __repr__(self) -> str:
        """Say which images, by place, and how well they match; maps say nothing in text."""
        return (
            f"PairResult({self.source} to {self.target}: confidence {self.confidence:.2f}, "
            f"{self.inlier_share:.0%} inliers)"
        )

    @classmethod
    def judge(
        cls,
        places: tuple[int, int],
        sizes: Sizes,
        forward: PairMatch,
        backward: PairMatch,
        tolerance: float,
        instance: int = 1,
        *,
        by_majority: bool = False,
    ) -> PairResult:
        """Make the result of a pair from its maps in both directions.

        Parameters
        ----------
        places
            Indices of source and target in the collection.
        sizes
            Height and width of source and target.
        forward
            Maps points of the target to the source.
        backward
            Maps points of the source to the target.
        tolerance
            Largest cycle error of a match, as share of the image side.
        instance
            Number of the map.
        by_majority
            Whether an inlier must have a forward confidence above a half, as where it is
            the share of the paths that agree.
        """
        points = grid_points(sizes[1], JUDGED_POINTS)
        ends = forward.transfer(points)
        errors = cycle_errors(points, backward.transfer(ends), sizes[1])
        inside = is_inside(ends, sizes[0])
        agreed = _confidence(forward, points)
        matched = (errors <= tolerance) & inside & (not by_majority or agreed > 0.5)
        inlier, agreement = float(matched.mean()), float(agreed.mean())

        def confidence_at(points: FloatArray) -> FloatArray:
            ends = forward.transfer(points)
            error = cycle_errors(points, backward.transfer(ends), sizes[1])
            return np.exp(-np.square(error / tolerance)) * _confidence(forward, points)

        return cls(
            *places,
            sizes,
            take_points(forward.transfer),
            take_points(backward.transfer),
            confidence_at,
            theta_affine=fit_theta(points, ends, sizes),
            theta_tps=None,
            cycle_error=float(errors.mean()),
            inlier_share=inlier,
            confidence=inlier * agreement,
            tolerance=tolerance,
            agreement=agreement,
            instance=instance,
        )

    def correspondences(
        self, side: int, masks: tuple[MaskArray, MaskArray] | None = None
    ) -> Correspondences:
        """Return the matched points of a grid of `side` x `side` on the target.

        Points are matched if they are mapped into the source, have a cycle error within the
        tolerance, and lie in both masks if masks are given.

        Parameters
        ----------
        side
            Points along each side of the target.
        masks
            Masks of source and target at their full sizes.
        """
        targets = grid_points(self.sizes[1], side)
        sources = self.to_source(targets)
        errors = cycle_errors(targets, self.to_target(sources), self.sizes[1])
        keep = (errors <= self.tolerance) & is_inside(sources, self.sizes[0])
        if masks is not None:
            keep &= _in_mask(sources, masks[0]) & _in_mask(targets, masks[1])
        return Correspondences(
            sources[keep], targets[keep], self.confidence_at(targets[keep])
        )


def _confidence(match: PairMatch, points: FloatArray) -> FloatArray:
    """Confidence of a matcher at points (K, 2), (K,); 1 from matchers that give none."""
    if match.confidence is None:
        return np.ones(len(points))
    return match.confidence(points)


def grid_points(size: tuple[int, int], side: int) -> FloatArray:
    """Middles of `side` x `side` equal parts of an image, (side^2, 2), row by row."""
    height, width = size
    share = (np.arange(side) + 0.5) / side
    axes = np.meshgrid(share * width - 0.5, share * height - 0.5)
    return np.stack(axes, axis=-1).reshape(-1, 2)


def cycle_errors(starts: FloatArray, ends: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Distances (K,) of points (K, 2) of one image, in units of its width and height."""
    return np.asarray(np.linalg.norm((ends - starts) / size[::-1], axis=1))


def is_inside(points: FloatArray, size: tuple[int, ...]) -> MaskArray:
    """Whether points (K, 2) lie on an image of `size` (height, width), (K,) bool."""
    limit = np.array([size[1], size[0]]) - 0.5
    return np.asarray(((points >= -0.5) & (points <= limit)).all(axis=1))


def fit_theta(points: FloatArray, ends: FloatArray, sizes: Sizes) -> FloatArray:
    """Least squares fit, (6,), of an affine map from target `points` to source `ends`."""
    starts, goals = to_unit(points, sizes[1]), to_unit(ends, sizes[0])
    columns = np.column_stack([starts, np.ones(len(starts))])
    theta = np.asarray(np.linalg.lstsq(columns, goals)[0], dtype=np.float64).T.ravel()
    return theta


def to_unit(points: FloatArray, size: tuple[int, int]) -> FloatArray:
    """From pixels (K, 2), x and y, to coordinates from -1 to 1 between the outer edges."""
    return np.asarray((2 * points + 1) / np.array(size[::-1]) - 1)


def from_unit(points: FloatArray, size: tuple[int, int]) -> FloatArray:
    """From coordinates between -1 and 1 to pixels; the inverse of `to_unit`."""
    return np.asarray(((points + 1) * np.array(size[::-1]) - 1) / 2)


def take_points(carry: PointMap) -> Callable[[ArrayLike], FloatArray]:
    """Let the points of a map (K, 2) be given as lists, or a single one as (2,)."""

    def take(points: ArrayLike) -> FloatArray:
        given = np.asarray(points, dtype=np.float64)
        if given.ndim not in (1, 2) or given.shape[-1] != 2:
            raise InputError(
                f"Points must be pairs of x and y, (K, 2), got shape {given.shape}. For "
                "one point give [x, y]."
            )
        ends = carry(np.atleast_2d(given))
        return ends if given.ndim == 2 else ends[0]

    return take


def _in_mask(points: FloatArray, mask: MaskArray) -> MaskArray:
    """Whether points (K, 2) lie in the mask, (K,); those outside the image do not."""
    limit = np.array(mask.shape[::-1]) - 1
    column, row = np.clip(np.rint(points), 0, limit).astype(np.int64).T
    return np.asarray(is_inside(points, mask.shape) & mask[row, column])

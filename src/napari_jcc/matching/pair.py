"""Two matched images, whatever matched them: the way both ways, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.matching.baselines import PairMatch, PointMap

JUDGED_POINTS = 20
"""Points along each side of the target that a pair is judged by."""
Sizes = tuple[tuple[int, int], tuple[int, int]]


class Correspondences(NamedTuple):
    """Points that belong together, x and y in pixels.

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
    """A source and a target image, matched.

    Attributes
    ----------
    source, target
        Places of the images in the collection.
    sizes
        Height and width in pixels of source and target.
    to_source, to_target
        Carry points (K, 2), x and y in pixels, the centre of the first one at 0, from
        target to source and back.
    sureness
        Confidence at points (K, 2) of the target: (K,) in [0, 1].
    theta_affine : (6,) float64
        a, b, c, d, e, f of x' = a x + b y + c, y' = d x + e y + f, from target to source in
        coordinates from -1 to 1 between the outer edges of each image: of the network, or
        fitted to what another matcher says.
    theta_tps : (2 G,) float64 or None
        Where a square grid of G control points goes, their x and then their y, applied
        before the affine map; None from matchers that have none.
    cycle_error
        Mean over a grid of target points of the distance between start and end of the way
        to the source and back, as share of the image side.
    inlier_share
        Share of these points whose way leads through the source and ends within the
        tolerance, in [0, 1].
    confidence
        Of the whole pair, in [0, 1]; comparable between pairs of one matcher only.
    tolerance
        Largest cycle error of a match, as share of the image side.
    instance
        Number of the map, from 1, where several between two images were looked for.
    """

    source: int
    target: int
    sizes: Sizes
    to_source: Callable[[ArrayLike], FloatArray]
    to_target: Callable[[ArrayLike], FloatArray]
    sureness: Callable[[FloatArray], FloatArray]
    theta_affine: FloatArray
    theta_tps: FloatArray | None
    cycle_error: float
    inlier_share: float
    confidence: float
    tolerance: float
    instance: int = 1

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
        """Judge a pair by matching it both ways.

        Parameters
        ----------
        places
            Source and target in the collection.
        sizes
            Height and width of source and target.
        forward
            Carries points of the target to the source.
        backward
            Carries points of the source to the target.
        tolerance
            Largest cycle error of a match, as share of the image side.
        instance
            Number of the map.
        by_majority
            Whether the confidence forward is a share of voices, of which an inlier needs
            more than half.
        """
        points = grid_points(sizes[1], JUDGED_POINTS)
        ends = forward.transfer(points)
        errors = cycle_errors(points, backward.transfer(ends), sizes[1])
        inside = is_inside(ends, sizes[0])

        def agreement(points: FloatArray) -> FloatArray:
            return (
                np.ones(len(points))
                if forward.confidence is None
                else forward.confidence(points)
            )

        agreed = agreement(points)
        matched = (errors <= tolerance) & inside & (not by_majority or agreed > 0.5)
        inlier = float(matched.mean())

        def sureness(points: FloatArray) -> FloatArray:
            ends = forward.transfer(points)
            error = cycle_errors(points, backward.transfer(ends), sizes[1])
            return np.exp(-np.square(error / tolerance)) * agreement(points)

        return cls(
            *places,
            sizes,
            _taking_lists(forward.transfer),
            _taking_lists(backward.transfer),
            sureness,
            theta_affine=fit_theta(points, ends, sizes),
            theta_tps=None,
            cycle_error=float(errors.mean()),
            inlier_share=inlier,
            confidence=inlier * float(agreed.mean()),
            tolerance=tolerance,
            instance=instance,
        )

    def correspondences(
        self, side: int, masks: tuple[MaskArray, MaskArray] | None = None
    ) -> Correspondences:
        """Points of the target that are matched, on a grid of `side` x `side`.

        Kept are those that lead into the source, come back within the tolerance, and lie
        in both masks if there are any.

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
        return Correspondences(sources[keep], targets[keep], self.sureness(targets[keep]))


def grid_points(size: tuple[int, int], side: int) -> FloatArray:
    """Middles of `side` x `side` equal parts of an image, (side^2, 2), row by row."""
    height, width = size
    share = (np.arange(side) + 0.5) / side
    axes = np.meshgrid(share * width - 0.5, share * height - 0.5)
    return np.stack(axes, axis=-1).reshape(-1, 2)


def cycle_errors(starts: FloatArray, ends: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Distance of points (K, 2) of one image, (K,), both sides of the image being 1."""
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


def _taking_lists(carry: PointMap) -> Callable[[ArrayLike], FloatArray]:
    """Let points be given as lists too, as they are typed by hand."""
    return lambda points: carry(np.asarray(points, dtype=np.float64))


def _in_mask(points: FloatArray, mask: MaskArray) -> MaskArray:
    """Whether the pixels that points lie in are object; beyond the image they are not."""
    limit = np.array(mask.shape[::-1]) - 1
    column, row = np.clip(np.rint(points), 0, limit).astype(np.int64).T
    return np.asarray(is_inside(points, mask.shape) & mask[row, column])

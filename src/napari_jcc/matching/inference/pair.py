"""What is known about two images once the network has matched them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from napari_jcc._types import Float32Array, FloatArray, MaskArray
from napari_jcc.matching.network.transforms import Transform


@dataclass(frozen=True)
class MatchedPair:
    """Transformations between two images, and how far they can be trusted.

    Attributes
    ----------
    source, target
        Places of the images in the collection.
    sizes
        Height and width in pixels of source and target.
    theta_affine, theta_tps : (6,), (2 G,) float32
        Map points of the target into the source, T(p) = affine(tps(p)), in coordinates from
        -1 to 1 between the outer edges of each image; see `affine_points`, `tps_points`.
    back_affine, back_tps : (6,), (2 G,) float32
        The same from points of the source into the target.
    cycle_error
        Mean over a grid of target points of the distance between start and end of the way
        to the source and back, as share of the image side.
    inlier_share
        Share of these points whose way leads through the source and ends within the
        tolerance, in [0, 1].
    confidence
        `inlier_share` times the share of the correlation's energy that lies where the
        transformation leads, in [0, 1].
    tolerance
        Largest cycle error of a match, as share of the image side.
    instance
        Number of the map, from 1, where several between two images were looked for.
    """

    source: int
    target: int
    sizes: tuple[tuple[int, int], tuple[int, int]]
    theta_affine: Float32Array
    theta_tps: Float32Array
    back_affine: Float32Array
    back_tps: Float32Array
    cycle_error: float
    inlier_share: float
    confidence: float
    tolerance: float
    instance: int = 1

    @property
    def forward(self) -> Transform:
        """From target points to source points, in double precision, of one sample."""
        return _as_transform(self.theta_affine, self.theta_tps)

    @property
    def backward(self) -> Transform:
        """From source points to target points, in double precision, of one sample."""
        return _as_transform(self.back_affine, self.back_tps)

    def to_source(self, points: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Carry points of the target to the source.

        Parameters
        ----------
        points : (K, 2)
            x, y in pixels, the centre of the first one at 0.

        Returns
        -------
        places : (K, 2) float64
            In pixels of the source; may lie beyond it.
        confidence : (K,) float64
            exp(-(e / tolerance)^2) with the cycle error e of the point, times the
            confidence of the pair, in [0, 1].
        """
        return self._carry(points, self.forward, self.backward, self.sizes[::-1])

    def to_target(self, points: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Carry points of the source to the target; as `to_source` the other way."""
        return self._carry(points, self.backward, self.forward, self.sizes)

    def correspondences(
        self, side: int, masks: tuple[MaskArray, MaskArray] | None = None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Points of the target that are matched, on a grid of `side` x `side`.

        Kept are those that lead into the source, come back within the tolerance, and lie
        in both masks if there are any.

        Parameters
        ----------
        side
            Points along each side of the target.
        masks
            Masks of source and target at their full sizes.

        Returns
        -------
        sources, targets : (K, 2) float64
            x, y in pixels.
        confidence : (K,) float64
            As of `to_source`.
        """
        height, width = self.sizes[1]
        x = (np.arange(side) + 0.5) * width / side - 0.5
        y = (np.arange(side) + 0.5) * height / side - 0.5
        targets = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        sources, confidence = self.to_source(targets)
        error = self._cycle_errors(targets, self.forward, self.backward, self.sizes[1])
        keep = (error <= self.tolerance) & _inside(sources, self.sizes[0])
        if masks is not None:
            keep &= _in_mask(sources, masks[0]) & _in_mask(targets, masks[1])
        return sources[keep], targets[keep], confidence[keep]

    def _carry(
        self,
        points: ArrayLike,
        there: Transform,
        back: Transform,
        sizes: tuple[tuple[int, int], tuple[int, int]],
    ) -> tuple[FloatArray, FloatArray]:
        points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        start, end = sizes
        places = from_unit(_apply(there, to_unit(points, start)), end)
        error = self._cycle_errors(points, there, back, start)
        return places, np.exp(-np.square(error / self.tolerance)) * self.confidence

    def _cycle_errors(
        self, points: FloatArray, there: Transform, back: Transform, size: tuple[int, int]
    ) -> FloatArray:
        """Distance of every point from where it ends, as share of the image side."""
        start = to_unit(points, size)
        errors: FloatArray = np.linalg.norm(
            _apply(back, _apply(there, start)) - start, axis=1
        )
        return errors / 2


def to_unit(points: FloatArray, size: tuple[int, int]) -> FloatArray:
    """From pixels (K, 2), x and y, to coordinates from -1 to 1 between the outer edges."""
    height, width = size
    return np.asarray((2 * points + 1) / np.array([width, height]) - 1)


def from_unit(points: FloatArray, size: tuple[int, int]) -> FloatArray:
    """From coordinates between -1 and 1 to pixels; the inverse of `to_unit`."""
    height, width = size
    return np.asarray(((points + 1) * np.array([width, height]) - 1) / 2)


def _as_transform(affine: Float32Array, tps: Float32Array) -> Transform:
    return Transform(
        torch.from_numpy(affine).double()[None], torch.from_numpy(tps).double()[None]
    )


def _apply(transform: Transform, points: FloatArray) -> FloatArray:
    moved = transform(torch.from_numpy(points)[None])[0]
    return np.asarray(moved.numpy(), dtype=np.float64)


def _inside(points: FloatArray, size: tuple[int, int]) -> MaskArray:
    height, width = size
    limit = np.array([width, height]) - 0.5
    return np.asarray(((points >= -0.5) & (points <= limit)).all(axis=1))


def _in_mask(points: FloatArray, mask: MaskArray) -> MaskArray:
    """Whether the pixels that points lie in are object; beyond the image they are not."""
    inside = _inside(points, mask.shape)
    limit = np.array(mask.shape[::-1]) - 1
    column, row = np.clip(np.rint(points), 0, limit).astype(np.int64).T
    return np.asarray(inside & mask[row, column])

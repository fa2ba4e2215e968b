"""Gaussian model of shapes, learned from those that a person placed or confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.matching.landmarks.shapes import fit_affine, shape_size

ALIGNMENT_ROUNDS = 3
STIFFNESS = 3
"""Weight of the assumed smooth bends, in confirmed shapes."""
BEND = 0.05
"""Standard deviation of the smooth bends, as share of the size of the shape."""
LONE_BEND = 0.01
"""Standard deviation of a point relative to its neighbours, likewise."""
AFFINE_RIDGE = 1e-3


@dataclass(frozen=True)
class ShapePrior:
    """Gaussian distribution of shapes up to an affine map.

    Attributes
    ----------
    mean : (K, 2) float64
        Mean of the aligned shapes.
    covariance : (2 K, 2 K) float64
        Of their points about the mean, x and y in turn.
    """

    mean: FloatArray
    covariance: FloatArray

    @classmethod
    def of(cls, shapes: Sequence[FloatArray]) -> ShapePrior:
        """Learn from confirmed shapes (K, 2), at least one.

        Shapes are aligned to their mean by affine maps (a Procrustes analysis). The
        covariance of what is left is mixed with that of smooth bends, which stand alone
        as long as there is one shape only.

        References
        ----------
        T. Cootes et al., "Active shape models: their training and application", CVIU 1995.
        """
        mean = shapes[0]
        aligned = [mean]
        for _ in range(ALIGNMENT_ROUNDS):
            aligned = [_align(shape, mean) for shape in shapes]
            mean = np.mean(aligned, axis=0)
        smooth = _smooth_covariance(mean)
        rest = np.array([(shape - mean).ravel() for shape in aligned])
        seen = len(shapes) if len(shapes) > 1 else 0
        covariance = (rest.T @ rest + STIFFNESS * smooth) / (seen + STIFFNESS)
        return cls(mean, covariance)

    def settle(
        self, points: FloatArray, doubt: FloatArray, linear: FloatArray, rounds: int = 4
    ) -> FloatArray:
        """Find the most probable shape, given measured points and their covariance.

        Parameters
        ----------
        points : (K, 2) float64
            Measured positions.
        doubt : (K, 2, 2) float64
            Covariance of each.
        linear : (2, 2) float64
            Linear part of the map from the mean shape to the image that is assumed as far
            as the points do not determine it.
        rounds
            Iterations; each fits the map, then the shape.

        Returns
        -------
        shape : (K, 2) float64
        """
        count = len(points)
        blocks = np.zeros((count, 2, count, 2))
        blocks[np.arange(count), :, np.arange(count)] = doubt
        noise = blocks.reshape(2 * count, 2 * count)
        shape = points
        for _ in range(rounds):
            turn, shift = fit_affine(self.mean, shape, linear, AFFINE_RIDGE)
            expected = (self.mean @ turn.T + shift).ravel()
            spread = np.kron(np.eye(count), turn)
            covariance = spread @ self.covariance @ spread.T
            gain = np.linalg.solve(covariance + noise, points.ravel() - expected)
            shape = (expected + covariance @ gain).reshape(count, 2)
        return shape


def _align(shape: FloatArray, mean: FloatArray) -> FloatArray:
    linear, shift = fit_affine(shape, mean, np.eye(2), AFFINE_RIDGE)
    return shape @ linear.T + shift


def _smooth_covariance(mean: FloatArray) -> FloatArray:
    """Covariance of bends that move neighbouring points alike."""
    size = max(shape_size(mean), 1e-6)
    squares = np.square(mean[:, None] - mean).sum(axis=-1) / size**2
    alike = BEND**2 * np.exp(-squares) + LONE_BEND**2 * np.eye(len(mean))
    return np.kron(alike * size**2, np.eye(2))

"""Descriptors of an image at the points of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.registration.frame import Frame


@dataclass(frozen=True)
class GridFeatures:
    """Descriptors of one image at the points of a grid.

    Attributes
    ----------
    values : (n, D) float32
        Of unit length at most, row by row of the grid.
    centres : (n, 2) float64
        x and y of the grid points in pixels of the image.
    step : (2,) float64
        Distance of neighbouring grid points in x and y, in pixels of the image.
    frame
        The image's own coordinates.
    """

    values: Float32Array
    centres: FloatArray
    step: FloatArray
    frame: Frame

    def sample(self, points: FloatArray) -> Float32Array:
        """Interpolate between the grid points, and repeat the outermost ones.

        Parameters
        ----------
        points : (K, 2)
            x and y in pixels of the image.

        Returns
        -------
        values : (K, D) float32
        """
        columns, rows = np.rint((self.centres[-1] - self.centres[0]) / self.step) + 1
        side = np.array([columns, rows], dtype=np.int64)
        place = np.clip((points - self.centres[0]) / self.step, 0, side - 1)
        first = np.minimum(place.astype(np.int64), np.maximum(side - 2, 0))
        share = (place - first).astype(np.float32)
        grid = self.values.reshape(side[1], side[0], -1)
        found = np.zeros((len(points), grid.shape[2]), dtype=np.float32)
        for corner in np.ndindex(2, 2):
            weight = np.abs(1 - np.array(corner, dtype=np.float32) - share).prod(axis=1)
            x, y = np.minimum(first + corner, side - 1).T
            found += weight[:, None] * grid[y, x]
        return found

    def blend(self, seen: Sequence[tuple[Float32Array, FloatArray]]) -> GridFeatures:
        """Average with what other images show at the same points.

        Parameters
        ----------
        seen
            Descriptors (n, D) at the grid points in another image, and how much they
            count, (n,), where the own ones count 1.
        """
        total, weights = self.values.copy(), np.ones((len(self.values), 1), np.float32)
        for values, weight in seen:
            counts = weight[:, None].astype(np.float32)
            total += counts * values
            weights += counts
        return replace(self, values=total / weights)

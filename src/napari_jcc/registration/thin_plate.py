"""Maps of the plane that are affine but for a smooth bend."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from napari_jcc._types import FloatArray


def radial(squares: FloatArray) -> FloatArray:
    """Thin plate kernel ``r^2 ln r^2`` of squared distances; 0 at 0."""
    kernel: FloatArray = squares * np.log(np.maximum(squares, 1e-300))
    return kernel


@dataclass(frozen=True)
class Bends:
    """Ways to bend the plane that no affine map can imitate.

    Attributes
    ----------
    controls : (G, 2) float64
        Points that the kernels sit on.
    null : (G, G - 3) float64
        Weights of the kernels that leave affine maps alone, column by column.
    energy : (G - 3, G - 3) float64
        Bending energy of a map whose coefficients are c: ``c' energy c``.
    """

    controls: FloatArray
    null: FloatArray
    energy: FloatArray

    @classmethod
    @lru_cache(maxsize=8)
    def on_grid(cls, side: int) -> Bends:
        """Bends with `side` x `side` control points, at least 2 each, on [-1, 1]."""
        line = np.linspace(-1, 1, side)
        controls = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        affine = np.column_stack([np.ones(len(controls)), controls])
        null = np.linalg.qr(affine, mode="complete")[0][:, 3:]
        energy = null.T @ radial(_squares(controls, controls)) @ null
        return cls(controls, null, (energy + energy.T) / 2)

    def columns(self, points: FloatArray) -> FloatArray:
        """Value of every bend at points (n, 2): (n, G - 3)."""
        return radial(_squares(points, self.controls)) @ self.null


@dataclass(frozen=True)
class SmoothMap:
    """An affine map plus bends.

    Attributes
    ----------
    coefficients : (3 + B, 2) float64
        Of 1, x, y and the bends, for both coordinates.
    bends
        None for an affine map.
    """

    coefficients: FloatArray
    bends: Bends | None = None

    def __call__(self, points: FloatArray) -> FloatArray:
        """Map points (n, 2)."""
        return design(points, self.bends) @ self.coefficients


def design(points: FloatArray, bends: Bends | None) -> FloatArray:
    """Columns 1, x, y and the bends at points (n, 2)."""
    affine = np.column_stack([np.ones(len(points)), points])
    return affine if bends is None else np.hstack([affine, bends.columns(points)])


def fit_smooth_map(
    points: FloatArray,
    ends: FloatArray,
    weights: FloatArray,
    *,
    prior: FloatArray,
    ridge: float,
    bending: float = 0.0,
    bends: Bends | None = None,
) -> SmoothMap:
    """Fit a map to weighted pairs of points by penalised least squares.

    Parameters
    ----------
    points, ends : (n, 2) float64
        Where points are, and where they should go.
    weights : (n,) float64
        How much each pair counts; only their ratios matter.
    prior : (3, 2) float64
        Affine map that is kept where the points do not say otherwise.
    ridge
        Price of leaving the linear part of `prior`; its shift costs a tenth.
    bending
        Price of the bending energy.
    bends
        Bends allowed; None for an affine map.
    """
    columns = design(points, bends)
    share = weights / weights.sum()
    price = np.zeros((columns.shape[1], columns.shape[1]))
    np.fill_diagonal(price[:3, :3], (ridge / 10, ridge, ridge))
    if bends is not None:
        price[3:, 3:] = bending * bends.energy
    start = np.zeros((columns.shape[1], 2))
    start[:3] = prior
    weighted = columns * share[:, None]
    system = weighted.T @ columns + price
    # Bends that neither points nor energy hold would make the system singular.
    system[np.diag_indices_from(system)] += 1e-10
    return SmoothMap(
        np.linalg.solve(system, weighted.T @ ends + price @ start + 1e-10 * start), bends
    )


def _squares(points: FloatArray, others: FloatArray) -> FloatArray:
    squares: FloatArray = np.square(points[:, None] - others).sum(axis=-1)
    return squares

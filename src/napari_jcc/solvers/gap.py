"""A bound on the distance to the optimum that trusts no solver."""

from __future__ import annotations

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.problem.program import QuadraticProgram


def lower_bound(program: QuadraticProgram, x: FloatArray, row_duals: FloatArray) -> float:
    r"""Return a value that no feasible point can undercut, whatever is passed.

    With P semidefinite, :math:`\tfrac12 v'Pv \ge x'Pv - \tfrac12 x'Px` for every v, and
    :math:`(Av)'y \le` the support of the limits at y. What remains is linear in v and
    is minimised over the bounds, entry by entry. Duals that point at an open limit are
    set to zero.

    Parameters
    ----------
    program : QuadraticProgram
        Its P is semidefinite.
    x : (V,) float64
        Where the cost is linearised; best near the optimum, need not be feasible.
    row_duals : (M,) float64
        Positive for upper limits, negative for lower ones.
    """
    duals = np.where(np.isfinite(program.u), np.maximum(row_duals, 0.0), 0.0)
    duals += np.where(np.isfinite(program.l), np.minimum(row_duals, 0.0), 0.0)
    gradient = program.multiply(x)
    slope = gradient + program.q + program.A.T @ duals
    least = np.minimum(slope * program.lower, slope * program.upper).sum()
    limits = np.where(duals > 0, program.u, np.where(duals < 0, program.l, 0.0))
    return float(-0.5 * x @ gradient + least - duals @ limits)

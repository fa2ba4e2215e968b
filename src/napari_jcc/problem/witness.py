"""How far the limits of an image's rows are relaxed for what a user fixed in it.

A *witness* is a point with one box, or all boxes alike, whose unmarked superpixels are
object to a common share. Of the witnesses tried the one that violates least is taken, and
the limits give way just as far as it asks.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.problem.data import Variables
from napari_jcc.problem.program import QuadraticProgram

SHARES = np.linspace(0.0, 1.0, 11)
"""Shares of the unmarked superpixels that are object in the witnesses."""

ROOM = 0.1
"""How much further than the witness limits give way, so that it is not the only point."""


class Witness:
    """Points of one image that meet its marks, and how far its rows are from them.

    Parameters
    ----------
    program : QuadraticProgram
        With the bounds of what is fixed.
    variables : Variables
        Of the same model.
    image
        Its number.
    left : (R,) bool
        Boxes that are not ruled out.
    slope : (S,)
        Number of boxes that hold a superpixel where the reading divides by it, else 1.
    """

    def __init__(
        self,
        program: QuadraticProgram,
        variables: Variables,
        image: int,
        left: MaskArray,
        slope: FloatArray,
    ) -> None:
        own = np.flatnonzero(program.variable_image == image)
        self.rows = np.flatnonzero(program.row_image == image)
        boxes = np.flatnonzero(variables.data.box_image == image)
        pieces = np.flatnonzero(variables.data.superpixel_image == image)
        overlap = sparse.csr_array(variables.data.overlap[boxes][:, pieces])
        held = overlap.toarray()
        # A witness a column: every box that is left alone, and all of them alike, ...
        usable = np.flatnonzero(left[boxes])
        alone = np.eye(len(boxes))[:, usable]
        alike = alone.mean(axis=1, keepdims=True)
        z = np.repeat(np.hstack([alone, alike]), len(SHARES), axis=1)
        # ... each with several shares of a box that its free superpixels may be.
        share = np.tile(SHARES, len(usable) + 1)
        lower, upper = program.lower[pieces, None], program.upper[pieces, None]
        v = np.where(upper == 0, 0.0, np.where(lower > 0, 1.0, share))
        parts = [v * (held.T @ z) / slope[pieces, None], z]
        if variables.has_memberships:
            box, piece = overlap.nonzero()
            parts.append(z[box] * v[piece])
        self.activity = program.A[self.rows][:, own] @ np.vstack(parts)

    def give_way(self, low: FloatArray, high: FloatArray) -> None:
        """Widen the limits `low` and `high` of the image's rows, in place."""
        rows = self.rows
        below = np.maximum(low[rows, None] - self.activity, 0.0)
        above = np.maximum(self.activity - high[rows, None], 0.0)
        best = int(np.argmin((below + above).sum(axis=0).round(9)))
        # Equalities hold at every witness up to rounding.
        open_ = low[rows] < high[rows]
        lack = np.where(open_ & (below[:, best] > 1e-12), below[:, best], 0.0)
        surplus = np.where(open_ & (above[:, best] > 1e-12), above[:, best], 0.0)
        low[rows] -= (1 + ROOM) * lack
        high[rows] += (1 + ROOM) * surplus

"""A chosen box is filled to a degree by the object: equation (6) and its readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from napari_jcc.problem.constraints.constraint import Constraint, Rows
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class BoxFill(Constraint):
    r"""Least and most share of a box's superpixels that are object.

    Least, in every reading: :math:`\gamma |S_i| z_i \le \sum_{j \in S_i} y_j`. A box that
    is not chosen (z = 0) asks for nothing, a chosen one for the share gamma.

    Most, by the value of `upper`:

    ======== ========================================= ==========================
    value    row                                       a box with z = 0 then
    ======== ========================================= ==========================
    scaled   sum y_j <= (1 - gamma) |S_i| z_i, eq. (6)  must be empty of object
    free     sum y_j <= (1 - gamma z_i) |S_i|           may be full
    none     no row                                    may be full
    ======== ========================================= ==========================

    ``scaled`` forbids most integer points where boxes overlap: a superpixel shared with a
    box that is not chosen must be background.

    Attributes
    ----------
    gamma
        Least share, and least share left free; above 0, below 0.5.
    upper
        Reading of the upper row.
    """

    gamma: float
    upper: Literal["scaled", "free", "none"]

    def rows(self, variables: Variables) -> Rows:
        """Return the least-fill rows of all boxes, then the most-fill rows."""
        data = variables.data
        size = data.superpixels_per_box
        least = variables.row_block(data.overlap, sparse.diags_array(-self.gamma * size))
        if self.upper == "none":
            blocks, limits = [least], [np.full(len(size), np.inf)]
        else:
            slope, limit = (
                (-(1.0 - self.gamma), np.zeros(len(size)))
                if self.upper == "scaled"
                else (self.gamma, size)
            )
            most = variables.row_block(data.overlap, sparse.diags_array(slope * size))
            blocks, limits = [least, most], [np.full(len(size), np.inf), limit]
        return Rows(
            A=sparse.vstack(blocks, format="csr"),
            l=np.repeat([0.0, -np.inf][: len(blocks)], len(size)),
            u=np.concatenate(limits),
            image=np.tile(data.box_image, len(blocks)),
        )

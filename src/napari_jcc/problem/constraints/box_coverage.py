"""Object only inside chosen boxes: equation (7) and its reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc.problem.constraints.constraint import Constraint, Rows
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class BoxCoverage(Constraint):
    r"""A superpixel is object at most as far as boxes that hold it are chosen.

    As printed, :math:`n_j y_j \le \sum_{i: j \in S_i} z_i`, with n_j the number of boxes
    that hold j: with one chosen box, y_j is at most 1/n_j. Unscaled,
    :math:`y_j \le \sum_{i: j \in S_i} z_i`. A superpixel in no box is background.

    Attributes
    ----------
    scaled
        Multiply y_j by n_j, as printed.
    """

    scaled: bool

    def rows(self, variables: Variables) -> Rows:
        """Return one row per superpixel that lies in a box."""
        data = variables.data
        count = data.boxes_per_superpixel
        slope = count if self.scaled else np.ones_like(count)
        covered = np.flatnonzero(count > 0)
        A = variables.row_block(sparse.diags_array(slope), -data.overlap.T)
        return Rows(
            A=sparse.csr_array(A[covered]),
            l=np.full(len(covered), -np.inf),
            u=np.zeros(len(covered)),
            image=data.superpixel_image[covered],
        )

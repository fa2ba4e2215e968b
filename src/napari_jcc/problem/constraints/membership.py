"""The tightest convex form of "the chosen box holds the object"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc.problem.constraints.constraint import Constraint, Rows
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class BoxMembership(Constraint):
    r"""Convex hull of the choice of one box and of the object inside it.

    With t_ij for box i and superpixel j in S_i:
    :math:`y_j = \sum_i t_{ij}`, :math:`0 \le t_{ij} \le z_i` and
    :math:`\gamma |S_i| z_i \le \sum_{j \in S_i} t_{ij} \le (1-\gamma) |S_i| z_i`.
    Together with one box per image this is the hull of the union of one polytope per box
    (E. Balas, "Disjunctive programming", 1979).

    Attributes
    ----------
    gamma
        Least share of the box that is object, and that is free.
    """

    gamma: float

    def rows(self, variables: Variables) -> Rows:
        """Return the sums, the caps t <= z, and both fill rows of every box."""
        data = variables.data
        overlap = data.overlap
        pairs = np.arange(overlap.nnz)
        box = np.repeat(np.arange(data.box_count), np.diff(overlap.indptr))
        ones = np.ones(overlap.nnz)
        sums = sparse.csr_array(
            (ones, (overlap.indices, pairs)), shape=(data.superpixel_count, overlap.nnz)
        )
        owners = sparse.csr_array((ones, (pairs, box)), shape=(overlap.nnz, data.box_count))
        size = data.superpixels_per_box
        identity = sparse.eye_array(data.superpixel_count)
        fill = sparse.csr_array(owners.T)
        blocks = [
            variables.row_block(identity, on_memberships=-sums),
            variables.row_block(None, -owners, sparse.eye_array(overlap.nnz)),
            variables.row_block(None, sparse.diags_array(-self.gamma * size), fill),
            variables.row_block(None, sparse.diags_array(-(1.0 - self.gamma) * size), fill),
        ]
        heights = [block.shape[0] for block in blocks]
        return Rows(
            A=sparse.vstack(blocks, format="csr"),
            l=np.repeat([0.0, -np.inf, 0.0, -np.inf], heights),
            u=np.repeat([0.0, 0.0, np.inf, 0.0], heights),
            image=np.concatenate(
                [data.superpixel_image, data.box_image[box], data.box_image, data.box_image]
            ),
        )

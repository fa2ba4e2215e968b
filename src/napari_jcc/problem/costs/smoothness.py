"""Smoothness: neighbours of similar colour should agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc.problem.costs.cost import Cost, CostTerms
from napari_jcc.problem.data import JointData
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class SmoothnessCost(Cost):
    r"""Quadratic term :math:`\alpha\, y'Ly` with the normalised graph Laplacian.

    :math:`L = I - Q^{-1/2} W Q^{-1/2}`,
    :math:`W_{ab} = \exp(-\lambda_p |p_a - p_b|^2 - \lambda_c |c_a - c_b|)` for adjacent
    superpixels, positions in pixels, colours in 0-255, Q the row sums. Self loops of
    weight 1 keep an isolated superpixel's row sum positive. Scaled by trace it reads
    :math:`\tfrac12 \alpha\, y'Ly / \mathrm{tr} L`.

    Attributes
    ----------
    weight
        alpha.
    colour_decay, position_decay
        lambda_c, lambda_p.
    normalise
        Divide by the trace of L.
    """

    weight: float
    colour_decay: float
    position_decay: float
    normalise: bool = True

    def terms(self, variables: Variables) -> CostTerms:
        """Return the Laplacian as sparse part."""
        laplacian = graph_laplacian(variables.data, self.colour_decay, self.position_decay)
        trace = laplacian.diagonal().sum()
        scale = (1.0 / trace if trace > 1e-12 else 0.0) if self.normalise else 2.0
        extra = variables.count - variables.data.superpixel_count
        padded = sparse.block_diag([laplacian, sparse.csr_array((extra, extra))])
        return CostTerms(sparse=self.weight * scale * padded)


def graph_laplacian(
    data: JointData, colour_decay: float, position_decay: float
) -> sparse.csr_array:
    """Normalised Laplacian of the superpixel graph, (S, S), block per image."""
    first, second = data.neighbours.T
    distance = np.square(data.centre[first] - data.centre[second]).sum(axis=1)
    contrast = np.linalg.norm(data.colour[first] - data.colour[second], axis=1)
    weight = np.exp(-position_decay * distance - colour_decay * contrast)
    count = data.superpixel_count
    half = sparse.coo_array((weight, (first, second)), shape=(count, count))
    affinity = half + half.T + sparse.eye_array(count)
    inverse_root = sparse.diags_array(1.0 / np.sqrt(affinity.sum(axis=1)))
    return sparse.csr_array(
        sparse.eye_array(count) - inverse_root @ affinity @ inverse_root
    )

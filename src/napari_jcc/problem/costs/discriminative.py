"""Discriminative clustering: labels that a ridge classifier can separate cost little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from napari_jcc.problem.costs.cost import Cost, CostTerms
from napari_jcc.problem.factor import DiscriminativeFactor
from napari_jcc.problem.program import LowRankTerm
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class DiscriminativeCost(Cost):
    r"""Quadratic term :math:`y'Dy` of superpixels or :math:`z'Dz` of boxes.

    Equation (5) of arXiv 1705.06000. Scaled by trace it reads
    :math:`\tfrac12 y'Dy / \mathrm{tr} D`.

    Attributes
    ----------
    pieces
        Whose labels the term judges.
    factor : DiscriminativeFactor
    normalise
        Divide by the trace of D instead of taking equation (5) as it stands.
    """

    pieces: Literal["superpixels", "boxes"]
    factor: DiscriminativeFactor
    normalise: bool = True

    def terms(self, variables: Variables) -> CostTerms:
        """Return diag(omega) as sparse part and the factor as low-rank part."""
        place = variables.superpixels if self.pieces == "superpixels" else variables.boxes
        # A single box per set has D = 0; there is nothing to scale then.
        trace = self.factor.trace
        tiny = 1e-12 * self.factor.weights.sum()
        scale = (1.0 / trace if trace > tiny else 0.0) if self.normalise else 2.0
        diagonal = np.zeros(variables.count)
        diagonal[place] = scale * self.factor.weights
        return CostTerms(
            sparse=sparse.diags_array(diagonal),
            low_rank=(LowRankTerm(place.start, self.factor.scaled(np.sqrt(scale))),),
        )

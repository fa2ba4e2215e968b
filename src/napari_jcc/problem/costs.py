"""Terms of the cost: one class per term of equation (5)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray, SparseMatrix
from napari_jcc.otsu import otsu_thresholds
from napari_jcc.problem.data import JointData, Variables
from napari_jcc.problem.factor import DiscriminativeFactor
from napari_jcc.problem.program import LowRankTerm


@dataclass(frozen=True)
class CostTerms:
    """Contribution to 1/2 x'Px + q'x.

    Attributes
    ----------
    sparse : (V, V) sparse, optional
        Symmetric part of P within images.
    low_rank : tuple of LowRankTerm
        Parts -F F' of P across images.
    linear : (V,) float64, optional
        Part of q.
    """

    sparse: SparseMatrix | None = None
    low_rank: tuple[LowRankTerm, ...] = ()
    linear: FloatArray | None = None


class Cost(ABC):
    """A term of the cost, written for all its variables at once."""

    @abstractmethod
    def terms(self, variables: Variables) -> CostTerms:
        """Return the term over the given variables."""


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


@dataclass(frozen=True)
class SuperpixelSaliencyCost(Cost):
    r"""Linear term :math:`\nu\, y's`.

    ``log``: s = -log(saliency), summed over the superpixel's pixels when normalised, as
    in equation (5). It is never negative, so it only ever pushes down.
    ``margin``: s = area share times (threshold - saliency), the threshold being Otsu's
    for the image, so that salient superpixels are rewarded.
    Normalised, s is divided by the sum of its absolute values over the set.

    Attributes
    ----------
    weight
        nu.
    kind
        How saliency becomes a cost.
    floor
        Saliency is kept above this before the logarithm.
    normalise
        Scale to sum 1 over the set.
    """

    weight: float
    kind: Literal["margin", "log"]
    floor: float
    normalise: bool = True

    def terms(self, variables: Variables) -> CostTerms:
        """Return nu s on the superpixels."""
        data = variables.data
        cost = self._margin(data) if self.kind == "margin" else self._log(data)
        linear = np.zeros(variables.count)
        linear[variables.superpixels] = self.weight * _scaled(cost, self.normalise)
        return CostTerms(linear=linear)

    def _margin(self, data: JointData) -> FloatArray:
        threshold = otsu_thresholds(
            data.saliency, data.area, data.superpixel_image, data.image_count
        )
        return data.area * (threshold[data.superpixel_image] - data.saliency)

    def _log(self, data: JointData) -> FloatArray:
        cost: FloatArray = -np.log(np.clip(data.saliency, self.floor, 1.0))
        return data.area * cost if self.normalise else cost


@dataclass(frozen=True)
class BoxSaliencyCost(Cost):
    r"""Linear term :math:`\mu\, z's_b`.

    ``excess``: minus log of (share of the image's saliency inside minus share of its
    area); a box over everything has excess 0. ``log_mean``: minus log of (area share
    times mean saliency), which grows better with the size of the box.

    Attributes
    ----------
    weight
        mu.
    kind
        How saliency becomes a cost.
    floor
        Values are kept above this before the logarithm.
    normalise
        Scale to sum 1 over the set.
    """

    weight: float
    kind: Literal["excess", "log_mean"]
    floor: float
    normalise: bool = True

    def terms(self, variables: Variables) -> CostTerms:
        """Return mu s_b on the boxes."""
        data = variables.data
        by_excess = self.kind == "excess"
        merit = data.box_merit if by_excess else data.box_area * data.box_saliency
        cost = -np.log(np.clip(merit, self.floor, 1.0))
        linear = np.zeros(variables.count)
        linear[variables.boxes] = self.weight * _scaled(cost, self.normalise)
        return CostTerms(linear=linear)


def _scaled(cost: FloatArray, normalise: bool) -> FloatArray:
    total = np.abs(cost).sum()
    return cost / total if normalise and total > 0 else cost

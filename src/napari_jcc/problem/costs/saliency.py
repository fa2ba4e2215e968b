"""Saliency: the linear terms that pull towards what stands out in each image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.otsu import otsu_thresholds
from napari_jcc.problem.costs.cost import Cost, CostTerms
from napari_jcc.problem.data import JointData
from napari_jcc.problem.variables import Variables


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

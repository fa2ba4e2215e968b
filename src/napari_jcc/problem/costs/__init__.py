"""Terms of the cost: one class per term of equation (5)."""

from napari_jcc.problem.costs.cost import Cost, CostTerms
from napari_jcc.problem.costs.discriminative import DiscriminativeCost
from napari_jcc.problem.costs.saliency import BoxSaliencyCost, SuperpixelSaliencyCost
from napari_jcc.problem.costs.smoothness import SmoothnessCost

__all__ = [
    "BoxSaliencyCost",
    "Cost",
    "CostTerms",
    "DiscriminativeCost",
    "SmoothnessCost",
    "SuperpixelSaliencyCost",
]

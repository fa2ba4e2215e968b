"""Co-localization without masks: baselines Sal and Sal+Disc, and TJLF14."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist

from napari_jcc._types import FloatArray, IntArray
from napari_jcc.config import ProblemConfig
from napari_jcc.pipeline.formulation import Formulation
from napari_jcc.problem import (
    DiscriminativeFactor,
    JointFactors,
    JointModel,
    LowRankTerm,
    QuadraticProgram,
    Variables,
)
from napari_jcc.problem.constraints import OneBoxPerImage
from napari_jcc.problem.costs import (
    BoxSaliencyCost,
    Cost,
    CostTerms,
    DiscriminativeCost,
)
from napari_jcc.problem.data import JointData

SMALLEST_EIGENVALUE = 0.01
"""Of the similarity; what is below hardly moves the cost, and is dropped."""


@dataclass(frozen=True)
class BoxesAlone(Formulation):
    """A program over boxes only, one box per image; superpixels stay without a say.

    ``Sal`` of arXiv 1705.06000 is the linear program of box saliency (no classifier, no
    similarity), ``Sal+Disc`` adds the classifier of boxes, and TJLF14 the similarity of
    boxes as well.

    Attributes
    ----------
    classifier
        Add the discriminative term z'D_b z.
    similarity
        Add the Laplacian of the similarity of boxes of different images.

    References
    ----------
    Tang, Joulin, Li and Fei-Fei, Co-localization in real-world images, CVPR 2014.
    """

    classifier: bool
    similarity: bool = False

    def identity(self) -> dict[str, Any]:
        """Return the parts."""
        return {"boxes_alone": asdict(self)}

    def program(
        self, data: JointData, factors: JointFactors, config: ProblemConfig
    ) -> QuadraticProgram:
        """Return the program of the parts; the weight of saliency is mu, or 1 alone."""
        scaled = config.normalisation == "trace"
        model = JointModel(data, only_in_boxes=False)
        weight = config.mu if self.classifier or self.similarity else 1.0
        floor = config.saliency_floor
        model.add_cost(BoxSaliencyCost(weight, config.box_cost, floor, scaled))
        if self.classifier:
            model.add_cost(DiscriminativeCost("boxes", factors.boxes, scaled))
        if self.similarity:
            model.add_cost(SimilarityCost(factors.boxes))
        model.add_constraint(OneBoxPerImage())
        return model.build()


@dataclass(frozen=True)
class SimilarityCost(Cost):
    r"""Similar boxes of different images should agree: z'Lz / tr L, halved.

    :math:`L = I - Q^{-1/2} S Q^{-1/2}`, Q the row sums of S,
    :math:`S_{ij} = \exp(-d_{ij}^2 / \mathrm{median}\, d^2)` for boxes of different images
    and 0 within one. The paper measures distance by chi-squared between words of SIFT;
    here it is that of the directions which the classifier of boxes keeps. Negative
    eigenvalues of S, which has no diagonal, are left out, so that L stays a low-rank
    correction of the identity.

    Attributes
    ----------
    factor
        Of the classifier of boxes.
    """

    factor: DiscriminativeFactor

    def terms(self, variables: Variables) -> CostTerms:
        """Return the identity as sparse part and the similarity as low-rank part."""
        place = variables.boxes
        root = similarity_root(self.factor, variables.data.box_image)
        trace = len(root) - float(np.square(root).sum())
        scale = 1.0 / trace if trace > 1e-12 * len(root) else 0.0
        diagonal = np.zeros(variables.count)
        diagonal[place] = scale
        return CostTerms(
            sparse=sparse.diags_array(diagonal),
            low_rank=(LowRankTerm(place.start, np.sqrt(scale) * root),),
        )


def similarity_root(factor: DiscriminativeFactor, image: IntArray) -> FloatArray:
    """F, (R, K), with F F' the positive part of the normalised similarity of boxes."""
    points = factor.factor[:, 1:] / factor.weights[:, None]
    squared = cdist(points, points, "sqeuclidean")
    apart = image[:, None] != image[None, :]
    typical = float(np.median(squared[apart])) if apart.any() else 0.0
    similarity = np.exp(-squared / typical) * apart if typical > 0 else 1.0 * apart
    degree = similarity.sum(axis=1)
    scale = np.zeros_like(degree)
    np.divide(1.0, np.sqrt(degree), out=scale, where=degree > 0)
    values, vectors = np.linalg.eigh(scale[:, None] * similarity * scale)
    kept = values > SMALLEST_EIGENVALUE
    # Rounding may leave the largest eigenvalue, 1, above 1, and L indefinite.
    return np.asarray(vectors[:, kept] * np.sqrt(np.minimum(values[kept], 1.0)))

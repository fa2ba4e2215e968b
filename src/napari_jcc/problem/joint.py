"""From costs and constraints, or from settings, to the joint program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray
from napari_jcc.config import DiscriminativeConfig, ProblemConfig
from napari_jcc.errors import ProblemError
from napari_jcc.features.streaming import Features
from napari_jcc.problem.constraints import (
    AreaRange,
    BoxCoverage,
    BoxFill,
    BoxMembership,
    Constraint,
    OneBoxPerImage,
)
from napari_jcc.problem.costs import (
    BoxSaliencyCost,
    Cost,
    DiscriminativeCost,
    SmoothnessCost,
    SuperpixelSaliencyCost,
)
from napari_jcc.problem.data import JointData, Variables
from napari_jcc.problem.factor import (
    DiscriminativeFactor,
    Storage,
    discriminative_factor,
)
from napari_jcc.problem.program import LowRankTerm, QuadraticProgram


class JointModel:
    """Collects costs and constraints over the pieces of a set.

    Parameters
    ----------
    data : JointData
    has_memberships
        Add a variable per pair of a box and a superpixel in it; `BoxMembership` needs
        them.
    only_in_boxes
        Keep superpixels in no box at 0: outside every box is background.
    """

    def __init__(
        self, data: JointData, has_memberships: bool = False, only_in_boxes: bool = True
    ) -> None:
        self.variables = Variables(data, has_memberships)
        self._only_in_boxes = only_in_boxes
        self._costs: list[Cost] = []
        self._constraints: list[Constraint] = []

    def add_cost(self, cost: Cost) -> None:
        """Add a term to the cost."""
        self._costs.append(cost)

    def add_constraint(self, constraint: Constraint) -> None:
        """Add a family of rows."""
        self._constraints.append(constraint)

    def build(self) -> QuadraticProgram:
        """Return the program over all variables, each in [0, 1].

        Raises
        ------
        ProblemError
            If nothing was added, or a cost or row is not finite.
        """
        if not self._costs or not self._constraints:
            raise ProblemError(
                f"The model has {len(self._costs)} costs and {len(self._constraints)} "
                "constraints; it needs at least one of each."
            )
        sparse_cost, low_rank, linear = self._sum_costs()
        rows = [constraint.rows(self.variables) for constraint in self._constraints]
        return QuadraticProgram(
            sparse_cost=sparse_cost,
            low_rank=low_rank,
            q=linear,
            A=sparse.vstack([part.A for part in rows], format="csr"),
            l=np.concatenate([part.l for part in rows]),
            u=np.concatenate([part.u for part in rows]),
            lower=np.zeros(self.variables.count),
            upper=self._upper_bounds(),
            variable_image=self.variables.image,
            row_image=np.concatenate([part.image for part in rows]),
        )

    def _sum_costs(self) -> tuple[sparse.csc_array, tuple[LowRankTerm, ...], FloatArray]:
        count = self.variables.count
        total = sparse.csc_array((count, count))
        linear = np.zeros(count)
        low_rank: list[LowRankTerm] = []
        for cost in self._costs:
            terms = cost.terms(self.variables)
            if terms.sparse is not None:
                total = total + terms.sparse
            if terms.linear is not None:
                linear += terms.linear
            low_rank += terms.low_rank
        return sparse.csc_array(total), tuple(low_rank), linear

    def _upper_bounds(self) -> FloatArray:
        """1 everywhere, but 0 for superpixels in no box where these are background."""
        upper = np.ones(self.variables.count)
        if self._only_in_boxes:
            upper[self.variables.superpixels] = self.variables.data.boxes_per_superpixel > 0
        return upper


@dataclass(frozen=True)
class JointFactors:
    """Discriminative factors of both kinds of pieces."""

    superpixels: DiscriminativeFactor
    boxes: DiscriminativeFactor


@dataclass(frozen=True)
class Terms:
    """Which terms of the joint program are included; for ablation.

    Smoothness and saliency are left out by setting their weights to 0.

    Attributes
    ----------
    superpixel_classifier, box_classifier
        The discriminative terms of equation (5).
    coupling
        The rows that tie superpixels to boxes. Without them masks and boxes are two
        programs side by side, and superpixels in no box are free.
    """

    superpixel_classifier: bool = True
    box_classifier: bool = True
    coupling: bool = True


ALL_TERMS = Terms()


def factorise(
    features: Features,
    data: JointData,
    config: DiscriminativeConfig,
    budget: float = np.inf,
) -> JointFactors:
    """Factor the ridge classifiers of superpixels and of boxes.

    With the weighting ``image`` every image counts the same whatever its numbers of
    superpixels and boxes, and superpixels count by their area.

    Parameters
    ----------
    features
        Of all pieces; blocks are read one at a time.
    data : JointData
        The set.
    config : DiscriminativeConfig
        Settings.
    budget
        Bytes of the superpixels' factor kept in memory; a larger one is mapped from a
        temporary file.
    """
    by_image = config.weighting == "image"
    area = data.area if by_image else np.ones_like(data.area)
    per_image = np.bincount(data.box_image, minlength=data.image_count)
    share = 1.0 / per_image[data.box_image] if by_image else np.ones(data.box_count)
    settings = (config.degrees_of_freedom, config.spectrum_cutoff)
    spilled, kept = Storage(config.storage, budget), Storage(config.storage)
    return JointFactors(
        discriminative_factor(features.superpixels, area, *settings, spilled),
        discriminative_factor(features.boxes, share, *settings, kept),
    )


def joint_model(
    data: JointData,
    factors: JointFactors,
    config: ProblemConfig,
    terms: Terms = ALL_TERMS,
) -> JointModel:
    """Assemble the joint model; `config.reading` chooses its constraints."""
    scaled = config.normalisation == "trace"
    hull = config.reading == "hull" and terms.coupling
    model = JointModel(data, has_memberships=hull, only_in_boxes=terms.coupling)
    if terms.superpixel_classifier:
        model.add_cost(DiscriminativeCost("superpixels", factors.superpixels, scaled))
    if terms.box_classifier:
        model.add_cost(DiscriminativeCost("boxes", factors.boxes, scaled))
    if config.alpha > 0:
        model.add_cost(
            SmoothnessCost(config.alpha, config.colour_decay, config.position_decay, scaled)
        )
    floor = config.saliency_floor
    model.add_cost(SuperpixelSaliencyCost(config.nu, config.superpixel_cost, floor, scaled))
    model.add_cost(BoxSaliencyCost(config.mu, config.box_cost, floor, scaled))
    for constraint in _coupling(config) if terms.coupling else [_area(config)]:
        model.add_constraint(constraint)
    model.add_constraint(OneBoxPerImage())
    return model


def _coupling(config: ProblemConfig) -> list[Constraint]:
    """Rows that tie superpixels to boxes.

    The area range is left out of the printed reading: its rows cap y at about 1/n_j,
    where a share of the image's area has no meaning.
    """
    if config.reading == "printed":
        return [BoxFill(config.gamma, upper="scaled"), BoxCoverage(scaled=True)]
    if config.reading == "bigm":
        return [
            BoxFill(config.gamma, upper="free"),
            BoxCoverage(scaled=False),
            _area(config),
        ]
    if config.reading == "cover":
        return [
            BoxFill(config.gamma, upper="none"),
            BoxCoverage(scaled=False),
            _area(config),
        ]
    return [BoxMembership(config.gamma), _area(config)]


def _area(config: ProblemConfig) -> AreaRange:
    return AreaRange(config.area_min, config.area_max, config.gamma)

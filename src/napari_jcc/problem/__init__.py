"""The joint quadratic program as data: costs, constraints, and what joins them."""

from napari_jcc.problem.data import JointData, gather
from napari_jcc.problem.edits import superpixels_around, with_box
from napari_jcc.problem.factor import DiscriminativeFactor, discriminative_factor
from napari_jcc.problem.fixings import (
    Fixings,
    boxes_left,
    fix,
    fix_box,
    images_without_box,
)
from napari_jcc.problem.joint import (
    JointFactors,
    Terms,
    factorise,
    factorise_boxes,
    joint_model,
)
from napari_jcc.problem.lifting import LiftedProgram, lift
from napari_jcc.problem.model import JointModel
from napari_jcc.problem.program import LowRankTerm, QuadraticProgram
from napari_jcc.problem.variables import Variables

__all__ = [
    "DiscriminativeFactor",
    "Fixings",
    "JointData",
    "JointFactors",
    "JointModel",
    "LiftedProgram",
    "LowRankTerm",
    "QuadraticProgram",
    "Terms",
    "Variables",
    "boxes_left",
    "discriminative_factor",
    "factorise",
    "factorise_boxes",
    "fix",
    "fix_box",
    "gather",
    "images_without_box",
    "joint_model",
    "lift",
    "superpixels_around",
    "with_box",
]

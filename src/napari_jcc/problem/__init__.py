"""The joint quadratic program as data: costs, constraints, and what joins them."""

from napari_jcc.problem.data import JointData, Variables, gather
from napari_jcc.problem.factor import DiscriminativeFactor, discriminative_factor
from napari_jcc.problem.joint import JointFactors, Terms, factorise, joint_model
from napari_jcc.problem.model import JointModel
from napari_jcc.problem.program import LowRankTerm, QuadraticProgram

__all__ = [
    "DiscriminativeFactor",
    "JointData",
    "JointFactors",
    "JointModel",
    "LowRankTerm",
    "QuadraticProgram",
    "Terms",
    "Variables",
    "discriminative_factor",
    "factorise",
    "gather",
    "joint_model",
]

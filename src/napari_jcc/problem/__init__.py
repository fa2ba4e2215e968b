"""The joint quadratic program as data: costs, constraints, and what joins them."""

from napari_jcc.problem.data import Variables, gather
from napari_jcc.problem.factor import DiscriminativeFactor
from napari_jcc.problem.joint import JointFactors, JointModel, Terms, factorise, joint_model
from napari_jcc.problem.program import LowRankTerm, QuadraticProgram

__all__ = [
    "DiscriminativeFactor",
    "JointFactors",
    "JointModel",
    "LowRankTerm",
    "QuadraticProgram",
    "Terms",
    "Variables",
    "factorise",
    "gather",
    "joint_model",
]

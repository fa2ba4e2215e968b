"""Constraints: one class per family of rows."""

from napari_jcc.problem.constraints.area import AreaRange
from napari_jcc.problem.constraints.box_coverage import BoxCoverage
from napari_jcc.problem.constraints.box_fill import BoxFill
from napari_jcc.problem.constraints.constraint import Constraint, Rows
from napari_jcc.problem.constraints.membership import BoxMembership
from napari_jcc.problem.constraints.one_box import OneBoxPerImage

__all__ = [
    "AreaRange",
    "BoxCoverage",
    "BoxFill",
    "BoxMembership",
    "Constraint",
    "OneBoxPerImage",
    "Rows",
]

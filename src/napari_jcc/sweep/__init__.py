"""Many settings on one set: from the first changed stage on, side by side."""

from napari_jcc.sweep.figure import draw_sweep
from napari_jcc.sweep.folder import SweepFolder
from napari_jcc.sweep.grid import Axis, Grid
from napari_jcc.sweep.masks import PackedMasks
from napari_jcc.sweep.point import SweepPoint
from napari_jcc.sweep.sweep import Sweep
from napari_jcc.sweep.table import (
    MEASURES,
    SweepTable,
    describe_sameness,
    describe_unscored,
    format_measure,
    measure_point,
)
from napari_jcc.sweep.values import parse_axis

__all__ = [
    "MEASURES",
    "Axis",
    "Grid",
    "PackedMasks",
    "Sweep",
    "SweepFolder",
    "SweepPoint",
    "SweepTable",
    "describe_sameness",
    "describe_unscored",
    "draw_sweep",
    "format_measure",
    "measure_point",
    "parse_axis",
]

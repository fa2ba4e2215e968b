"""What to say of a sweep whose points hardly differ."""

from __future__ import annotations

from napari_jcc.sweep.table import SweepTable

SAME = 0.9995
"""Stability from which the table reads 1.000: no difference can be seen."""

_REFINEMENT, _UNREFINED = "decode.refinement", "none"
_OTHER = "superpixels.count"


def describe_sameness(table: SweepTable) -> str:
    """Say that all points give the same masks, and what to try; empty if they differ.

    Parameters
    ----------
    table
        Points of a sweep; those that failed, and a base outside the grid, do not count.
    """
    points = [p for p in table.points if p.has_answer and p.index is not None]
    known = [point.stability for point in points if point.stability is not None]
    if not known or min(known) < SAME:
        return ""
    first = points[0].masks.packed
    nearly = "" if all(point.masks.packed == first for point in points) else "nearly "
    return f"All {len(points)} points give {nearly}the same masks. {_advise(table)}"


def _advise(table: SweepTable) -> str:
    """Say what else may show a difference."""
    varied = {axis.path for axis in table.grid.axes}
    example = "" if _OTHER in varied else f", such as {_OTHER}"
    instead = f"sweep a wider range or another setting{example}."
    refinement = table.grid.base.decode.refinement
    if _REFINEMENT in varied or refinement == _UNREFINED:
        return instead[0].upper() + instead[1:]
    return (
        f"The refinement ({refinement}) redraws every mask, which hides small differences: "
        f"set {_REFINEMENT} to {_UNREFINED} to see them, or {instead}"
    )

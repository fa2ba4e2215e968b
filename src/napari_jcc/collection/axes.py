"""Axes that the images of a set lie on: time, depth, position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Axis(NamedTuple):
    """One axis whose entries are images.

    Attributes
    ----------
    name
        Letters, as ``t`` or ``z``.
    length
        Number of entries.
    step
        Distance of two neighbours.
    unit
        Of the step; ``pixel`` where it is not known.
    """

    name: str
    length: int
    step: float = 1.0
    unit: str = "pixel"


def has_depth(axes: Sequence[Axis] | None) -> bool:
    """Whether some of the images lie above each other."""
    return any(axis.name.lower() == "z" and axis.length > 1 for axis in axes or ())


def name_places(axes: Sequence[Axis]) -> list[str]:
    """Name every place on some axes, as ``t0_z12``; an empty name where there is no axis.

    Numbers have as many digits as the last of their axis, so that names sort as places.
    """
    widths = [len(str(axis.length - 1)) for axis in axes]
    return [
        "_".join(
            f"{axis.name}{step:0{width}}"
            for axis, step, width in zip(axes, place, widths, strict=True)
        )
        for place in np.ndindex(*(axis.length for axis in axes))
    ]

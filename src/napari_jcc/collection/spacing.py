"""How large a pixel is, and how far two images lie apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

UNKNOWN_STEP = 1.0, "pixel"
"""Step and unit of an axis of which nothing is told."""


class Spacing(NamedTuple):
    """Size of a pixel.

    Attributes
    ----------
    row
        Height of a pixel, above 0.
    column
        Width of a pixel, above 0.
    unit
        Unit of length of both: pm, angstrom, nm, um, mm, cm, m or inch.
    """

    row: float
    column: float
    unit: str

    def turned(self, orientation: int) -> Spacing:
        """Spacing after `orient`: height and width change places in a quarter turn."""
        if orientation not in (5, 6, 7, 8):
            return self
        return Spacing(self.column, self.row, self.unit)


def checked_spacing(row: float, column: float, unit: str) -> Spacing | None:
    """Spacing of sides that are sound, else None."""
    if not all(0 < side < math.inf for side in (row, column)):
        return None
    # Resolutions are fractions of integers; 12 digits take back what that costs.
    return Spacing(float(f"{row:.12g}"), float(f"{column:.12g}"), unit)


def checked_step(
    size: Any, unit: Any, find: Callable[[str], str | None]
) -> tuple[float, str]:
    """Step and its unit by the name that `find` has; (1, "pixel") where one is unknown."""
    try:
        step = abs(float(size))  # ImageJ counts backwards with negative steps
    except (TypeError, ValueError):
        return UNKNOWN_STEP
    known = find(str(unit))
    return (step, known) if known is not None and 0 < step < math.inf else UNKNOWN_STEP

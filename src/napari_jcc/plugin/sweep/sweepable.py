"""Which settings a sweep can vary, and values around the present one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_origin

from pydantic.fields import FieldInfo

from napari_jcc.config import JccConfig
from napari_jcc.config.fields import settings_of
from napari_jcc.config.ranges import choices, limits
from napari_jcc.sweep.grid import UNCHANGING

COUNT = 5
_FACTOR = 4.0


@dataclass(frozen=True)
class Sweepable:
    """A setting that holds one number, one name, or yes or no.

    Attributes
    ----------
    path
        ``section.field``.
    title
        For people; begins with the section's.
    field
        Where range and description come from.
    """

    path: str
    title: str
    field: FieldInfo

    @property
    def is_numeric(self) -> bool:
        """Whether it holds a number."""
        return self.field.annotation in (int, float)

    @property
    def names(self) -> tuple[str, ...]:
        """All that it can be, where it holds no number."""
        return choices(self.field) or ("false", "true")


@dataclass(frozen=True)
class Range:
    """Evenly spaced numbers, or evenly spaced logarithms."""

    first: float
    last: float
    count: int = COUNT
    log: bool = False


def list_sweepable() -> list[Sweepable]:
    """List the settings that a sweep can vary, in the order of the form."""
    found = []
    for section, group in JccConfig.model_fields.items():
        for name, field in settings_of(group).items():
            if section != UNCHANGING and _fits(field):
                title = f"{group.title}: {field.title}"
                found.append(Sweepable(f"{section}.{name}", title, field))
    return found


def setting_titles() -> dict[str, str]:
    """Titles of these settings by path, without their section's."""
    return {setting.path: str(setting.field.title) for setting in list_sweepable()}


def suggest_range(setting: Sweepable, value: float) -> Range:
    """Suggest numbers around the present one that the setting allows.

    A share is varied by half of it, anything else by factors.
    """
    low, high = _bounds(setting.field)
    if value == 0:
        return Range(max(low, 0.0), min(high, 1.0 if high > 1 else high))
    is_share = low >= 0 and high <= 1
    if value < 0 or is_share:
        near, far = sorted((value / 2, value * 1.5))
        return Range(max(low, near), min(high, far))
    if setting.field.annotation is int:
        near, far = max(1.0, round(value / 2)), float(round(value * 2))
        return Range(max(low, near), min(high, far), log=True)
    return Range(max(low, value / _FACTOR), min(high, value * _FACTOR), log=True)


def _fits(field: FieldInfo) -> bool:
    kind = field.annotation
    return kind in (int, float, bool) or get_origin(kind) is Literal


def _bounds(field: FieldInfo) -> tuple[float, float]:
    """Least and greatest number allowed; an open end is left by a hundredth."""
    found = limits(field)
    low = found.get("ge", found.get("gt", float("-inf")))
    high = found.get("le", found.get("lt", float("inf")))
    room = 0.01 * (high - low) if high - low < float("inf") else 0.0
    return low + room * ("gt" in found), high - room * ("lt" in found)

"""From values to places on paper, and the values that are worth naming."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from napari_jcc.sweep.grid import Axis

Kind = Literal["share", "count", "number"]

_LOGARITHMIC = 30.0
"""Ratio of largest and smallest value from which on their logarithms are shown."""


@dataclass(frozen=True)
class Scale:
    """Where values lie along one side of a panel.

    Attributes
    ----------
    place
        Pixel of a value.
    ticks
        Values to name, with their names.
    holds
        Whether a value lies on the scale.
    """

    place: Callable[[Any], float]
    ticks: Sequence[tuple[Any, str]]
    holds: Callable[[Any], bool]


def axis_scale(axis: Axis, base: Any, low: float, high: float) -> Scale:
    """Scale of a setting; numbers keep their distances, others are evenly spaced.

    Parameters
    ----------
    axis
        The setting; all its values are ticks.
    base
        Its value in the base, which finds its place too.
    low, high
        Pixels of the ends.
    """
    ticks = [(value, format_value(value)) for value in axis.values]
    if not axis.is_numeric:
        order = {value: number for number, value in enumerate(axis.values)}
        step = (high - low) / max(1, len(order) - 1)
        middle = (low + high) / 2
        return Scale(
            lambda value: low + order[value] * step if len(order) > 1 else middle,
            ticks,
            order.__contains__,
        )
    values = [*axis.values, base] if _is_number(base) else list(axis.values)
    logarithmic = min(values) > 0 and max(values) / min(values) >= _LOGARITHMIC
    change = math.log if logarithmic else float
    place = _linear(change(min(values)), change(max(values)), low, high)
    return Scale(lambda value: place(change(value)), ticks, values.__contains__)


def value_scale(values: Sequence[float], kind: Kind, low: float, high: float) -> Scale:
    """Scale of numbers: shares from 0 to 1, counts from 0 on, others as they need."""
    if kind == "share" or not values:
        bottom, top, step = 0.0, 1.0, 0.25
    elif kind == "count":
        bottom, top, step = _nice_range(0, max(4, *values))
    else:
        bottom, top, step = _nice_range(min(values), max(values))
    count = round((top - bottom) / step)
    numbers = [bottom + number * step for number in range(count + 1)]
    ticks = [(number, f"{number:.6g}") for number in numbers]
    return Scale(_linear(bottom, top, low, high), ticks, lambda v: bottom <= v <= top)


def format_value(value: Any) -> str:
    """Write a value of a setting shortly."""
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:.4g}" if _is_number(value) else str(value) or "none"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _linear(start: float, end: float, low: float, high: float) -> Callable[[Any], float]:
    if start == end:
        return lambda value: (low + high) / 2
    return lambda value: low + (float(value) - start) / (end - start) * (high - low)


def _nice_range(low: float, high: float) -> tuple[float, float, float]:
    """Round ends, and a step of 1, 2 or 5 times a power of ten, for about four steps."""
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = abs(low) / 10 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step

"""Which settings a sweep tries: values on one or several axes, checked beforehand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_jcc.config import JccConfig, apply_overrides
from napari_jcc.errors import ConfigError
from napari_jcc.sweep.values import EXAMPLE, check_value, parse_axis, read_setting

Index = tuple[int, ...]
"""Place of a point on every axis of a grid."""

MOST_POINTS = 10_000
UNCHANGING = "runtime"
"""Section of settings that never change the answer."""
_JOINT, _LAST = ("problem", "solver"), ("decode",)
"""Sections of the joint problem, which the classifiers do not depend on, and of what comes
after it."""


@dataclass(frozen=True)
class Axis:
    """One setting and the values it takes.

    Attributes
    ----------
    path
        ``section.field``.
    values
        As the settings hold them, each once; numbers in ascending order.
    """

    path: str
    values: tuple[Any, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers, which have an order."""
        return all(isinstance(value, int | float) for value in self.values)


@dataclass(frozen=True)
class Grid:
    """All combinations of the values on some axes, around settings that stay.

    Attributes
    ----------
    base
        Settings that every point starts from.
    axes
        The settings that vary; rows of tables and figures follow their order.
    """

    base: JccConfig
    axes: tuple[Axis, ...]

    @classmethod
    def build(
        cls, base: JccConfig, values: Mapping[str, Sequence[Any]] | Iterable[str] | str
    ) -> Grid:
        """Check what is to be tried.

        Parameters
        ----------
        base
            Settings that every point starts from.
        values
            ``{"section.field": [value, ...]}``, or one or several texts as `parse_axis`
            reads them.

        Raises
        ------
        ConfigError
            If a setting is unknown or named twice, a value is not allowed, or the grid is
            empty or has more than `MOST_POINTS` points.
        """
        texts = [values] if isinstance(values, str) else values
        pairs = (
            list(values.items())
            if isinstance(values, Mapping)
            else [parse_axis(text) for text in texts]
        )
        for path, found in pairs:
            if isinstance(found, str) or not isinstance(found, Iterable):
                raise ConfigError(
                    f"{found!r} is no list of values of {path}. Give one, even of a single "
                    "value: [value]."
                )
        axes = tuple(_make_axis(base, path, list(found)) for path, found in pairs)
        paths = [axis.path for axis in axes]
        if twice := sorted({path for path in paths if paths.count(path) > 1}):
            raise ConfigError(f"{twice[0]} is named twice. Give all its values at once.")
        if not axes:
            raise ConfigError(f"There is nothing to try. Give values, as in {EXAMPLE}.")
        grid = cls(base, axes)
        if len(grid) > MOST_POINTS:
            raise ConfigError(
                f"The grid has {len(grid)} points, more than {MOST_POINTS}. Give fewer "
                "values, or make several sweeps."
            )
        grid._refuse_values_that_never_fit()
        return grid

    def __len__(self) -> int:
        return math.prod(self.shape)

    @property
    def shape(self) -> Index:
        """Number of values on every axis."""
        return tuple(len(axis.values) for axis in self.axes)

    def indices(self) -> Iterator[Index]:
        """Give the places of all points, the last axis fastest."""
        return itertools.product(*map(range, self.shape))

    def parameters(self, index: Index | None) -> dict[str, Any]:
        """Return the values at a point by ``section.field``; of the base for None."""
        if index is None:
            return {axis.path: read_setting(self.base, axis.path) for axis in self.axes}
        return {
            axis.path: axis.values[place]
            for axis, place in zip(self.axes, index, strict=True)
        }

    def config(self, index: Index | None) -> JccConfig:
        """Return all settings at a point; of the base for None.

        Raises
        ------
        ConfigError
            If the values there do not go together.
        """
        return apply_overrides(self.base, self.parameters(index))

    @property
    def base_index(self) -> Index | None:
        """Place of the point that is the base itself; None if the grid leaves it out."""
        base = self.parameters(None)
        places = []
        for axis in self.axes:
            if base[axis.path] not in axis.values:
                return None
            places.append(axis.values.index(base[axis.path]))
        return tuple(places)

    def neighbours(self, index: Index) -> list[Index]:
        """List the points that differ on one axis only.

        By one step where its values are numbers; where they have no order, all of them.
        """
        found = []
        for number, (axis, place) in enumerate(zip(self.axes, index, strict=True)):
            steps = (place - 1, place + 1) if axis.is_numeric else range(len(axis.values))
            found += [
                (*index[:number], other, *index[number + 1 :])
                for other in steps
                if other != place and 0 <= other < len(axis.values)
            ]
        return found

    def waves(self) -> list[list[Index | None]]:
        """Order the points so that no stage is done twice.

        Returns
        -------
        waves
            Points of one wave can be computed side by side. What they have in common was
            computed by a wave before. The base comes first, as None if it is no point.
        """
        order = list(JccConfig.model_fields)
        ranks = [order.index(axis.path.partition(".")[0]) for axis in self.axes]
        slow_first = sorted(range(len(ranks)), key=ranks.__getitem__)
        first = self.base_index
        groups: dict[Index, dict[Index, list[Index | None]]] = {}
        for index in sorted(
            self.indices(),
            # False before true: the base, and points that share its stages.
            key=lambda at: [
                (first is None or at[n] != first[n], at[n]) for n in slow_first
            ],
        ):
            group = groups.setdefault(self._places(index, _JOINT + _LAST), {})
            group.setdefault(self._places(index, _LAST), []).append(index)
        waves: list[list[Index | None]] = [[None]] if first is None else []
        for group in groups.values():
            leader, *others = group.values()
            waves += [leader[:1], [points[0] for points in others]]
            waves += [[index for points in group.values() for index in points[1:]]]
        return [wave for wave in waves if wave]

    def _places(self, index: Index, without: tuple[str, ...]) -> Index:
        """Places on the axes of all but some sections."""
        return tuple(
            place
            for axis, place in zip(self.axes, index, strict=True)
            if axis.path.partition(".")[0] not in without
        )

    def _refuse_values_that_never_fit(self) -> None:
        """Raise for a value that no point allows; single points may be refused later."""
        fits: set[tuple[int, int]] = set()
        refused: dict[tuple[int, int], ConfigError] = {}
        for index in self.indices():
            places = set(enumerate(index))
            if places <= fits:
                continue
            try:
                self.config(index)
            except ConfigError as error:
                refused |= dict.fromkeys(places - fits, error)
            else:
                fits |= places
        for place, reason in refused.items():
            if place not in fits:
                raise reason


def _make_axis(base: JccConfig, path: str, values: list[Any]) -> Axis:
    read_setting(base, path)
    if path.partition(".")[0] == UNCHANGING:
        raise ConfigError(
            f"{path} says where a run computes and never changes the answer, so there is "
            "nothing to compare. Sweep another setting."
        )
    if not values:
        raise ConfigError(f"{path} has no values to try, as in {EXAMPLE}.")
    checked = [check_value(base, path, value) for value in values]
    axis = Axis(path, tuple(dict.fromkeys(checked)))
    return Axis(path, tuple(sorted(axis.values))) if axis.is_numeric else axis

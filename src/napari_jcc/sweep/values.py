"""Values that a setting shall take: read from text and checked one by one."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from napari_jcc.config import JccConfig, apply_overrides, parse_assignment
from napari_jcc.config.fields import settings_of
from napari_jcc.errors import ConfigError

MOST_VALUES = 10_000
EXAMPLE = "problem.nu=0.1,0.2,0.4 or problem.nu=0.1:1:5 or problem.nu=0.01:1:5:log"


def read_setting(config: JccConfig, path: str) -> Any:
    """Return the value of ``section.field``.

    Raises
    ------
    ConfigError
        If there is no such setting; the message names those that are near.
    """
    section, _, name = path.partition(".")
    values = config.model_dump().get(section, {})
    if name not in values:
        apply_overrides(config, {path: None})  # raises
    return values[name]


def parse_axis(text: str) -> tuple[str, list[Any]]:
    """Read ``section.field=values``.

    Parameters
    ----------
    text
        Values between commas. ``first:last:count`` stands for evenly spaced numbers, with
        ``:log`` for evenly spaced logarithms. Settings that hold lists join their items by
        ``+``. A JSON list, ``["a,b", "c"]``, is taken as it stands.

    Returns
    -------
    path, values

    Raises
    ------
    ConfigError
        If the text does not say that, or names an unknown setting.
    """
    path, raw = parse_assignment(text)[0], text.partition("=")[2].strip()
    read_setting(JccConfig(), path)
    if raw.startswith("["):
        return path, _parse_json(path, raw)
    parts = [part.strip() for part in raw.split(",")]
    if "" in parts:
        raise ConfigError(
            f"{path} has an empty value in {raw!r}. Write values between commas, as in "
            f"{EXAMPLE}."
        )
    return path, [value for part in parts for value in _parse_part(path, part)]


def _parse_json(path: str, raw: str) -> list[Any]:
    try:
        values = json.loads(raw)
    except ValueError as error:
        raise ConfigError(
            f"The values of {path} begin like a JSON list but are none: {error}. Write "
            'them as in ["a,b", "c"].'
        ) from error
    return list(values)


def _parse_part(path: str, part: str) -> list[Any]:
    """Values that one text between commas stands for."""
    kind = _find_field(path).annotation
    if kind in (int, float) and ":" in part:
        return _parse_range(path, part)
    if str(kind).startswith("tuple"):
        return [tuple(parse_assignment(f"{path}={item}")[1] for item in part.split("+"))]
    return [parse_assignment(f"{path}={part}")[1]]


def _parse_range(path: str, part: str) -> list[float]:
    try:
        first, last, count, scale = [*part.split(":"), "linear"][:4]
        low, high, number = float(first), float(last), int(count)
        known = scale in ("linear", "log") and part.count(":") == 2 + (scale == "log")
        if not known or number < 2 or not math.isfinite(high - low):
            raise ValueError
        if scale == "log" and min(low, high) <= 0:
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"Cannot read the range {part!r} of {path}. Write first:last:count with two "
            "numbers and a count of at least 2, perhaps :log behind it, which needs "
            "numbers above 0."
        ) from None
    if number > MOST_VALUES:
        raise ConfigError(
            f"{part} of {path} has more than {MOST_VALUES} values. Give fewer."
        )
    space = np.geomspace if scale == "log" else np.linspace
    # Twelve digits: 0.3, not 0.30000000000000004.
    values = [float(f"{value:.12g}") for value in space(low, high, number)]
    whole = _find_field(path).annotation is int
    return [round(value) for value in values] if whole else values


def check_value(base: JccConfig, path: str, value: Any) -> Any:
    """Return a value as the settings hold it, whatever the other settings are.

    Raises
    ------
    ConfigError
        If the setting cannot take it.
    """
    field = _find_field(path)
    section = type(getattr(base, path.partition(".")[0]))
    kind: Any = Annotated[field.annotation, field]
    adapter: TypeAdapter[Any] = TypeAdapter(kind, config=section.model_config)
    try:
        return adapter.validate_python(value)
    except ValidationError:
        apply_overrides(base, {path: value})  # raises, in words
        raise


def _find_field(path: str) -> FieldInfo:
    section, _, name = path.partition(".")
    return settings_of(JccConfig.model_fields[section])[name]

"""What is wrong with settings, in words that name the place, the range and the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from napari_jcc.config.ranges import describe_range
from napari_jcc.words import describe_unknown


def explain(model: type[BaseModel], error: ValidationError) -> str:
    """Say what is wrong with the values that settings of a kind were to be made of."""
    return "\n".join(
        _explain_one(model, item["loc"], item)
        for item in error.errors()
        if not _is_long_enough(item)
    )


def paths_named(name: str, model: type[BaseModel]) -> list[str]:
    """List the settings, with their sections, whose field is called `name`."""
    return [
        f"{section}.{name}"
        for section, field in model.model_fields.items()
        if name in _names(field.annotation)
    ]


def find_field(model: type[BaseModel], path: tuple[Any, ...]) -> FieldInfo | None:
    """Find a setting, or a section, by its place; None where there is none."""
    field: FieldInfo | None = None
    current: Any = model
    for part in path:
        if not _names(current):
            break
        field = current.model_fields.get(part)
        if field is None:
            return None
        current = field.annotation
    return field


def _is_long_enough(item: Mapping[str, Any]) -> bool:
    """Whether a list is called too short because pydantic counts no bad items of it."""
    if item["type"] != "too_short":
        return False
    least: int = item["ctx"]["min_length"]
    return len(item["input"]) >= least


def _explain_one(
    model: type[BaseModel], path: tuple[Any, ...], item: Mapping[str, Any]
) -> str:
    if item["type"] == "extra_forbidden":
        return _explain_unknown(model, path)
    name = ".".join(str(part) for part in path)
    field = find_field(model, path)
    allowed = describe_range(field) if field else ""
    expected = f" ({allowed})" if allowed else ""
    if item["type"] == "value_error":
        return f"{name}: {item['ctx']['error']}."
    if item["type"] == "model_type":
        return f"{name} is a section of settings, not {item['input']!r}."
    return f"{name}{expected}: {item['msg']}; got {item['input']!r}."


def _explain_unknown(model: type[BaseModel], path: tuple[Any, ...]) -> str:
    *parents, last = map(str, path)
    holder: Any = model
    for part in parents:
        holder = holder.model_fields[part].annotation
    fields = holder.model_fields
    if not any(_names(field.annotation) for field in fields.values()):
        return describe_unknown("setting", last, list(fields), ".".join(parents))
    within = [place.partition(".")[0] for place in paths_named(last, holder)]
    if within:
        return f"Unknown section {last!r}. It is a setting of {' and of '.join(within)}."
    return describe_unknown("section", last, list(fields))


def _names(kind: Any) -> Mapping[str, FieldInfo]:
    """List settings by name, where something is a section."""
    is_section = isinstance(kind, type) and issubclass(kind, BaseModel)
    return kind.model_fields if is_section else {}

"""What a setting may be, and how that reads in words."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

_BOUNDS = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))


def choices(field: FieldInfo) -> tuple[str, ...]:
    """List what a ``Literal`` field (or each item of a tuple of them) may be."""
    annotation = field.annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def limits(field: FieldInfo) -> dict[str, float]:
    """Numeric bounds of a field, or of a tuple's items, by pydantic's names (``ge``)."""
    return {
        name: getattr(constraint, name)
        for constraint in (*field.metadata, *_item_limits(field))
        for name, _ in _BOUNDS
        if getattr(constraint, name, None) is not None
    }


def _item_limits(field: FieldInfo) -> list[Any]:
    """Constraints of the items, where a field is a tuple of a type with a range."""
    if get_origin(field.annotation) is not tuple:
        return []
    _, *marks = get_args(get_args(field.annotation)[0]) or [None]
    return [limit for mark in marks for limit in getattr(mark, "metadata", [mark])]


def describe_range(field: FieldInfo) -> str:
    """Range of a field in words, such as ``at least 0, at most 1`` or ``one of a, b``."""
    if allowed := choices(field):
        several = get_origin(field.annotation) is tuple
        return ("any of " if several else "one of ") + ", ".join(allowed)
    bounds = limits(field)
    return ", ".join(f"{word} {bounds[name]:g}" for name, word in _BOUNDS if name in bounds)

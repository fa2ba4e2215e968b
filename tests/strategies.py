"""Random settings within their ranges, drawn from the declarations themselves."""

from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from napari_jcc.config import JccConfig
from napari_jcc.config.ranges import limits

# Pydantic refuses lone surrogates, and no operating system passes a zero character on.
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
)


def _numbers(kind: type, bounds: dict[str, float]) -> st.SearchStrategy:
    low = bounds.get("ge", bounds.get("gt"))
    high = bounds.get("le", bounds.get("lt"))
    if kind is int:
        return st.integers(low, high)
    return st.floats(low, high, exclude_min="gt" in bounds, exclude_max="lt" in bounds)


def values_of(field: Any) -> st.SearchStrategy:
    """Values that `field` allows."""
    kind, bounds = field.annotation, limits(field)
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        if get_origin(item) is Literal:
            items = st.sampled_from(get_args(item))
        else:
            items = st.integers(bounds.get("ge", 0), bounds.get("le", 9))
        shortest = 1 if any(hasattr(limit, "min_length") for limit in field.metadata) else 0
        return st.lists(items, min_size=shortest, max_size=4).map(tuple)
    return texts if kind is str else _numbers(kind, bounds)


def _is_consistent(values: dict[str, Any]) -> bool:
    problem, boxes = values.get("problem", {}), values.get("boxes", {})
    return problem.get("area_min", 0.1) < problem.get("area_max", 0.9) and (
        boxes.get("smallest_area", 0.01) < boxes.get("largest_area", 0.95)
    )


@st.composite
def settings(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Some allowed settings, as ``{section: {field: value}}``."""
    chosen: dict[str, dict[str, Any]] = {}
    every = [
        (section, name, field)
        for section, outer in JccConfig.model_fields.items()
        for name, field in outer.annotation.model_fields.items()
    ]
    picked = draw(
        st.lists(st.sampled_from(every), max_size=8, unique_by=lambda one: one[:2])
    )
    for section, name, field in picked:
        chosen.setdefault(section, {})[name] = draw(values_of(field))
    return chosen


configs = settings().filter(_is_consistent).map(JccConfig.model_validate)

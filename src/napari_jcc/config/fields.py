"""How sections and settings are declared."""

from __future__ import annotations

from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo

from napari_jcc.config.mistakes import explain
from napari_jcc.errors import ConfigError


class Section(BaseModel):
    """Base of all sections: immutable, unknown keys refused, non-finite numbers refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(explain(type(self), error)) from error

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_truth_for_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false for numbers, which pydantic takes for 1 and 0."""
        field = cls.model_fields[str(info.field_name)]
        if isinstance(value, bool) and field.annotation in (int, float):
            raise ValueError(f"a number is asked for, got {str(value).lower()}")
        return value

    # Only where a section is made by its name: within another pydantic finds all mistakes.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


def settings_of(section: FieldInfo) -> dict[str, FieldInfo]:
    """Return the settings of a section by name."""
    model = section.annotation
    if not (isinstance(model, type) and issubclass(model, Section)):
        raise TypeError(f"{section.title or section} is no section of settings.")
    return model.model_fields


def setting(
    default: Any,
    title: str,
    description: str,
    *,
    advanced: bool = False,
    **limits: Any,
) -> Any:
    """Declare a field with its title, description and range.

    Parameters
    ----------
    default
        Value of the default preset.
    title
        Label in the window and heading in the docs; sentence case, with the unit.
    description
        What a larger or other value does; shown as tooltip and in the settings file.
    advanced
        Folded away in the window until asked for.
    **limits
        ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ``max_length`` of pydantic.
    """
    return Field(
        default=default,
        title=title,
        description=description,
        json_schema_extra={"advanced": advanced},
        **limits,
    )


def is_advanced(field: FieldInfo) -> bool:
    """Whether the window folds this field away until asked for."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("advanced"))

"""Checked changes to the settings, with messages a user can act on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, get_origin

from pydantic import BaseModel, ValidationError

from napari_jcc.config.fields import Section
from napari_jcc.config.mistakes import explain, find_field, paths_named
from napari_jcc.config.model import JccConfig
from napari_jcc.errors import ConfigError

ConfigT = TypeVar("ConfigT", bound=Section)
"""Any root of settings: the joint program's, or the matching network's."""


def validate_config(values: Mapping[str, Any]) -> JccConfig:
    """Build the joint program's settings from nested mappings; see `validate_as`."""
    return validate_as(JccConfig, values)


def as_config(config: JccConfig | Mapping[str, Any]) -> JccConfig:
    """Take settings as they are, or build them from nested mappings.

    Raises
    ------
    ConfigError
        If `config` is neither, or a field is bad.
    """
    if isinstance(config, JccConfig):
        return config
    if isinstance(config, Mapping):
        return validate_config(config)
    raise ConfigError(
        f"{_kind(config)} is no config. Give a JccConfig, or sections such as "
        "{'problem': {'nu': 0.2}}; get_preset(name) has those of a preset, "
        "napari_jcc.config.load_config(path) those of a file."
    )


def validate_as(model: type[ConfigT], values: Mapping[str, Any]) -> ConfigT:
    """Build settings of the kind `model` from nested mappings.

    Raises
    ------
    ConfigError
        Naming every bad field, its range and the value found.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(model, error)) from error


def parse_assignment(text: str, model: type[Section] = JccConfig) -> tuple[str, Any]:
    """Split ``section.field=value``; the value is read as JSON where that is meant.

    A setting that holds text takes the value as it stands, so that a folder may be called
    ``123``; a value in double quotes is unquoted. `model` is the kind of settings meant.

    Raises
    ------
    ConfigError
        If `text` has no ``=`` or its left side is not ``section.field``.
    """
    path, equals, raw = text.partition("=")
    path = path.strip()
    if not equals or path.count(".") != 1:
        raise _cannot_read(text, path, model)
    raw = raw.strip()
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):  # also numbers too long, brackets too deep
        return path, raw
    return path, value if isinstance(value, str) or not _holds_text(model, path) else raw


def format_assignment(path: str, value: Any, model: type[Section] = JccConfig) -> str:
    """Write ``section.field=value`` so that `parse_assignment` reads the same value.

    Parameters
    ----------
    path
        ``section.field``.
    value
        Text, number, or a list of either without commas in its items.
    model
        Kind of settings.
    """
    if isinstance(value, str):
        plain = parse_assignment(f"{path}={value}", model) == (path, value)
        return f"{path}={value if plain else json.dumps(value, ensure_ascii=False)}"
    if isinstance(value, list | tuple):
        return f"{path}={','.join(str(item) for item in value)}"
    return f"{path}={json.dumps(value)}"


def apply_overrides(
    config: ConfigT, overrides: Mapping[str, Any] | Iterable[str] | str
) -> ConfigT:
    """Return `config` with some settings changed.

    Parameters
    ----------
    config
        Settings to start from; left as they are.
    overrides
        ``{"section.field": value}``, or one or several texts ``section.field=value``.

    Raises
    ------
    ConfigError
        If a setting is unknown or a value is not allowed.
    """
    model = type(config)
    # What is not set stays so, and leaves the word to the images' own settings in a run.
    values = config.model_dump(exclude_unset=True)
    for path, value in _list_pairs(overrides, model):
        section, _, name = path.partition(".")
        if not name:
            raise _cannot_read(path, path, model)
        values.setdefault(section, {})[name] = _as_sequence(model, section, name, value)
    return validate_as(model, values)


def overlay(base: ConfigT, above: ConfigT) -> ConfigT:
    """Return `base` with the settings that were set in `above`, be it to their defaults."""
    return base.model_copy(
        update={name: getattr(above, name) for name in above.model_fields_set}
    )


def _list_pairs(overrides: Any, model: type[Section]) -> Iterable[tuple[str, Any]]:
    if isinstance(overrides, Mapping):
        return overrides.items()
    texts = [overrides] if isinstance(overrides, str) else overrides
    texts = list(texts) if isinstance(texts, Iterable) else [texts]
    for text in texts:
        if not isinstance(text, str):
            raise ConfigError(
                f"Cannot take {_kind(text)} for a change of the settings. Give "
                "{'problem.nu': 0.2}, 'problem.nu=0.2' or several such texts."
            )
    return [parse_assignment(text, model) for text in texts]


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def changed_settings(config: ConfigT, base: ConfigT) -> dict[str, Any]:
    """List where `config` differs from `base`, as ``{"section.field": value}``."""
    values, reference = config.model_dump(mode="json"), base.model_dump(mode="json")
    return {
        f"{section}.{name}": value
        for section, fields in values.items()
        for name, value in fields.items()
        if value != reference[section][name]
    }


def format_changes(
    config: ConfigT, base: ConfigT, ignored: tuple[str, ...] = ()
) -> list[str]:
    """List where `config` differs from `base`, as texts that `parse_assignment` reads.

    Settings whose path begins with one of `ignored` are left out.
    """
    return [
        format_assignment(path, value, type(config))
        for path, value in changed_settings(config, base).items()
        if not path.startswith(ignored)
    ]


def _cannot_read(text: str, path: str, model: type[Section]) -> ConfigError:
    meant = paths_named(path, model)
    hint = f" Did you mean {' or '.join(meant)}?" if meant else ""
    return ConfigError(
        f"Cannot read the setting {text!r}.{hint} Write section.field=value, for example "
        "problem.nu=0.2."
    )


def _holds_text(model: type[Section], path: str) -> bool:
    field = find_field(model, tuple(path.split(".")))
    kind = None if field is None else field.annotation
    return kind is str or get_origin(kind) is Literal


def _as_sequence(model: type[BaseModel], section: str, name: str, value: Any) -> Any:
    """Let ``channels=0`` and ``superpixels=sift,lab`` stand for lists."""
    field = find_field(model, (section, name))
    if field is None or not str(field.annotation).startswith("tuple"):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value if isinstance(value, list | tuple) else [value]

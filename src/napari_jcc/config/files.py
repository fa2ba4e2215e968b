"""The commented settings file (TOML), written and read back without loss."""

from __future__ import annotations

import codecs
import json
import textwrap
import tomllib
from pathlib import Path
from typing import Any, overload

from pydantic import BaseModel

from napari_jcc.config.fields import Section
from napari_jcc.config.model import JccConfig
from napari_jcc.config.overrides import ConfigT, validate_as
from napari_jcc.config.ranges import describe_range
from napari_jcc.errors import ConfigError


def dump_config(config: Section) -> str:
    """Write every setting as TOML, each under a comment with its meaning and range."""
    lines = ["# Settings of napari-jcc. Lines left out keep their values.", ""]
    for section_name, section_field in type(config).model_fields.items():
        section: BaseModel = getattr(config, section_name)
        lines += [f"# {section_field.title}: {section_field.description}"]
        lines += [f"[{section_name}]", ""]
        for name, field in type(section).model_fields.items():
            allowed = describe_range(field)
            note = f"{field.title}. {field.description}"
            note += f" ({allowed})" if allowed else ""
            lines += [f"# {line}" for line in textwrap.wrap(note, 78)]
            lines += [f"{name} = {_toml_value(getattr(section, name))}", ""]
    return "\n".join(lines)


@overload
def load_config_text(text: str, source: str = ..., base: None = None) -> JccConfig: ...
@overload
def load_config_text(text: str, source: str = ..., *, base: ConfigT) -> ConfigT: ...
def load_config_text(
    text: str, source: str = "the settings", base: Section | None = None
) -> Section:
    """Read settings from TOML text, complete or partial.

    Parameters
    ----------
    text
        Lines ``field = value`` under headings ``[section]``.
    source
        Where the text comes from, for messages.
    base
        Settings that stand for the lines left out, and say of what kind they are; the
        defaults of the joint program when not given.

    Raises
    ------
    ConfigError
        If the text is not TOML, or a setting is unknown or not allowed.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{source} is not a valid TOML file: {error}. "
            "`napari-jcc config` prints a complete example."
        ) from error
    base = base or JccConfig()
    try:
        return validate_as(type(base), _merge(base, values))
    except ConfigError as error:
        raise ConfigError(f"In {source}: {error}") from error


@overload
def load_config(path: str | Path, base: None = None) -> JccConfig: ...
@overload
def load_config(path: str | Path, base: ConfigT) -> ConfigT: ...
def load_config(path: str | Path, base: Section | None = None) -> Section:
    """Read settings from a TOML file, complete or partial.

    Parameters
    ----------
    path
        A file as `dump_config` writes it; any line may be left out.
    base
        Settings that stand for the lines left out, and say of what kind they are; the
        defaults of the joint program when not given.

    Raises
    ------
    ConfigError
        If the file cannot be read or holds unknown or disallowed settings.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        # PowerShell's > writes UTF-16, or marks UTF-8 by a byte order mark.
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise ConfigError(
            f"Cannot read the settings file {path}: {reason}. Check the name; "
            "`napari-jcc config` prints a complete one."
        ) from error
    return load_config_text(text, str(path), base=base or JccConfig())


def _merge(base: Section, values: dict[str, Any]) -> dict[str, Any]:
    """Lay `values` over `base` without judging them: validation names what is wrong."""
    merged = base.model_dump()
    for section, fields in values.items():
        known = merged.get(section)
        if isinstance(known, dict) and isinstance(fields, dict):
            fields = {**known, **fields}
        merged[section] = fields
    return merged


def _toml_value(value: Any) -> str:
    # JSON's notation is also TOML's, but for surrogate pairs and a bare delete character.
    text = json.dumps(
        list(value) if isinstance(value, tuple) else value, ensure_ascii=False
    )
    return text.replace("\x7f", "\\u007f")

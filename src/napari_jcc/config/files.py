"""The commented settings file (TOML), written and read back without loss."""

from __future__ import annotations

import json
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from napari_jcc.config.fields import describe_range
from napari_jcc.config.model import JccConfig
from napari_jcc.config.overrides import validate_config
from napari_jcc.errors import ConfigError


def dump_config(config: JccConfig) -> str:
    """Write every setting as TOML, each under a comment with its meaning and range."""
    lines = ["# Settings of napari-jcc. Lines left out keep their defaults.", ""]
    for section_name, section_field in JccConfig.model_fields.items():
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


def load_config_text(text: str, source: str = "the settings") -> JccConfig:
    """Read settings from TOML text.

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
    return validate_config(values)


def load_config(path: str | Path) -> JccConfig:
    """Read settings from a TOML file.

    Raises
    ------
    ConfigError
        If the file cannot be read or holds unknown or disallowed settings.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the settings file {path}: {error}") from error
    return load_config_text(text, source=str(path))


def _toml_value(value: Any) -> str:
    # JSON's notation of text, numbers, booleans and lists is also TOML's.
    return json.dumps(list(value) if isinstance(value, tuple) else value)

"""Settings that another version of the program saved, in a project or beside a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from napari_jcc.config.model import JccConfig
from napari_jcc.config.presets import PRESETS, get_preset


def read_settings(
    values: Mapping[str, Any], preset: str
) -> tuple[JccConfig, tuple[str, ...]]:
    """Read settings as far as they are known and allowed today.

    Parameters
    ----------
    values
        Nested mappings as `JccConfig` dumps them.
    preset
        Name of the preset whose values stand for what cannot be read; the defaults if
        there is no such preset any more.

    Returns
    -------
    config
        Settings that this program allows.
    notes
        What was left out, reset or added, in words.
    """
    base = (get_preset(preset) if preset in PRESETS else JccConfig()).model_dump(
        mode="json"
    )
    merged = {section: dict(fields) for section, fields in base.items()}
    notes = [] if preset in PRESETS else [f"There is no preset {preset!r} any more."]
    for section, fields in values.items():
        if section not in base or not isinstance(fields, Mapping):
            notes.append(f"{section}: this program knows no such settings; left out.")
            continue
        for name, value in fields.items():
            if name in base[section]:
                merged[section][name] = value
            else:
                notes.append(
                    f"{section}.{name}: this program knows no such setting; its value "
                    f"{value!r} was left out."
                )
    notes += [
        f"{section}.{name}: new since they were saved; it is {base[section][name]!r}."
        for section, fields in base.items()
        for name in fields
        if name not in (values.get(section) or {})
    ]
    config, reset = _validate(merged, base)
    return config, (*notes, *reset)


def _validate(
    merged: dict[str, dict[str, Any]], base: Mapping[str, Mapping[str, Any]]
) -> tuple[JccConfig, list[str]]:
    """Build the settings, with `base` in place of what is not allowed."""
    notes: list[str] = []
    while True:
        try:
            return JccConfig.model_validate(merged), notes
        except ValidationError as error:
            for item in error.errors():
                section, *rest = map(str, item["loc"])
                # Settings that contradict each other have no name: the section is reset.
                bad = rest[:1] if rest else list(base[section])
                for name in bad:
                    if merged[section][name] != base[section][name]:
                        notes.append(
                            f"{section}.{name}: {merged[section][name]!r} is not allowed "
                            f"any more; set to {base[section][name]!r}."
                        )
                    merged[section][name] = base[section][name]

"""Tables of presets and settings, from the declarations in `napari_jcc.config`."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator, Mapping

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from napari_jcc.config import PRESETS, JccConfig, MatchConfig, describe_range
from napari_jcc.config.fields import is_advanced


def describe_presets() -> Iterator[str]:
    """Yield a table with one row per preset."""
    yield "| Preset | In the window | For |"
    yield "| --- | --- | --- |"
    for preset in PRESETS.values():
        yield f"| `{preset.name}` | {escape(preset.title)} | {escape(preset.description)} |"


def describe_runs() -> Iterator[str]:
    """Yield the settings of a run, with their values in every preset."""
    return _describe_sections({name: each.config() for name, each in PRESETS.items()})


def describe_matching() -> Iterator[str]:
    """Yield the settings of matching and training that a run does not have."""
    return _describe_sections({"default": MatchConfig()}, set(JccConfig.model_fields))


def _describe_sections(
    configs: Mapping[str, BaseModel], known: Collection[str] = ()
) -> Iterator[str]:
    """Yield a heading and a table for every section, one row per setting."""
    for section, section_field in type(next(iter(configs.values()))).model_fields.items():
        if section in known:
            continue
        sections = {name: getattr(config, section) for name, config in configs.items()}
        yield f"### {section_field.title}"
        yield ""
        yield section_field.description or ""
        yield ""
        yield f"| Setting | Meaning | Allowed | {' | '.join(configs)} |"
        yield f"| --- | --- | --- |{' --- |' * len(configs)}"
        for name, field in type(next(iter(sections.values()))).model_fields.items():
            yield describe_row(section, name, field, sections)
        yield ""


def describe_row(
    section: str, name: str, field: FieldInfo, sections: Mapping[str, BaseModel]
) -> str:
    """Return the table row of one setting, with its value in every preset."""
    values = [format_value(getattr(values, name)) for values in sections.values()]
    folded = " *(advanced)*" if is_advanced(field) else ""
    cells = [
        f"`{section}.{name}`",
        f"**{escape(field.title)}**{folded}<br>{escape(field.description)}",
        escape(describe_range(field)),
        *(f"`{value}`" if value else "empty" for value in values),
    ]
    return f"| {' | '.join(cells)} |"


def format_value(value: object) -> str:
    """Return a value as one would type it after ``--set``."""
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def escape(text: str | None) -> str:
    """Keep Markdown from reading marks of its own into a table cell."""
    text = html.escape(text or "", quote=False)
    for mark in "\\|*_`":
        text = text.replace(mark, f"\\{mark}")
    return text

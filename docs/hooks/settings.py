"""Write the settings page from the declarations in `napari_jcc.config`.

MkDocs calls `on_page_markdown` for every page; see ``hooks`` in mkdocs.yml.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from napari_jcc.config import PRESETS, JccConfig, describe_range
from napari_jcc.config.fields import is_advanced

PRESET_MARK = "<!-- presets -->"
SETTINGS_MARK = "<!-- settings -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks for presets and settings in the text of a page."""
    tables = {PRESET_MARK: describe_presets, SETTINGS_MARK: describe_settings}
    for mark, lines in tables.items():
        if mark in markdown:
            markdown = markdown.replace(mark, "\n".join(lines()))
    return markdown


def describe_presets() -> Iterator[str]:
    """Yield a table with one row per preset."""
    yield "| Preset | In the window | For |"
    yield "| --- | --- | --- |"
    for preset in PRESETS.values():
        yield f"| `{preset.name}` | {escape(preset.title)} | {escape(preset.description)} |"


def describe_settings() -> Iterator[str]:
    """Yield a heading and a table for every section, one row per setting."""
    presets = {name: preset.config() for name, preset in PRESETS.items()}
    for section, section_field in JccConfig.model_fields.items():
        sections = {name: getattr(config, section) for name, config in presets.items()}
        yield f"## {section_field.title} {{ #{section} }}"
        yield ""
        yield section_field.description or ""
        yield ""
        yield f"| Setting | Meaning | Allowed | {' | '.join(presets)} |"
        yield f"| --- | --- | --- |{' --- |' * len(presets)}"
        for name, field in type(next(iter(sections.values()))).model_fields.items():
            yield describe_row(section, name, field, sections)
        yield ""


def describe_row(
    section: str, name: str, field: FieldInfo, sections: dict[str, BaseModel]
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

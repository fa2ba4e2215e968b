"""Renew the tables in docs/settings.md and docs/api.md from the program itself.

Usage: python scripts/reference

A table stands between ``<!-- KEY -->`` and ``<!-- end -->``; what is between is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from api_tables import describe_module
from settings_tables import describe_matching, describe_presets, describe_runs

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (DOCS / "settings.md", DOCS / "api.md")
TABLE = re.compile(r"<!-- (?P<key>[^>]+) -->\n.*?<!-- end -->", re.DOTALL)
SETTINGS = {
    "presets": describe_presets,
    "runs": describe_runs,
    "matching": describe_matching,
}


def renew(page: str) -> str:
    """Write every table of a page anew."""
    return TABLE.sub(_write_table, page)


def _write_table(found: re.Match[str]) -> str:
    lines = "\n".join(_describe(found["key"])).strip()
    return f"<!-- {found['key']} -->\n{lines}\n<!-- end -->"


def _describe(key: str) -> Iterator[str]:
    if key in SETTINGS:
        return SETTINGS[key]()
    module, *members = key.split()
    return describe_module(module, members)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(renew(path.read_text("utf-8")), "utf-8")

"""Let mkdocstrings write the API page in full, where the repository has tables of names.

MkDocs calls `on_page_markdown` for every page; see ``hooks`` in mkdocs.yml.
"""

from __future__ import annotations

import re
from typing import Any

TABLE = re.compile(r"<!-- (napari_jcc[\w.]*)([\w ]*) -->\n.*?<!-- end -->", re.DOTALL)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace every table of a module's names by the directive that documents them."""
    return TABLE.sub(_to_directive, markdown)


def _to_directive(table: re.Match[str]) -> str:
    lines = [f"::: {table[1]}"]
    if members := table[2].split():
        lines += ["    options:", "      members:", *(f"        - {m}" for m in members)]
    return "\n".join(lines)

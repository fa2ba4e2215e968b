"""Let formulas of docstrings, in reStructuredText, reach the renderer of the pages.

mkdocstrings loads `DocstringMath` as a Griffe extension; see mkdocs.yml.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

import griffe

ROLE = re.compile(r":math:`([^`]+)`")
BLOCK = re.compile(
    r"^(?P<indent> *)\.\. math::(?P<inline>[^\n]*)\n"
    r"(?P<body>(?:\s*\n|(?P=indent) +\S[^\n]*\n?)*)",
    re.MULTILINE,
)


def to_markdown(text: str) -> str:
    """Write roles as ``$...$`` and directives as ``$$`` blocks."""
    return ROLE.sub(r"$\1$", BLOCK.sub(_to_block, text))


def _to_block(match: re.Match[str]) -> str:
    formula = f"{match['inline'].strip()}\n{textwrap.dedent(match['body'])}".strip()
    block = f"$$\n{formula}\n$$\n"
    return "\n" + textwrap.indent(block, match["indent"]) + "\n"


class DocstringMath(griffe.Extension):
    """Rewrites every docstring as it is collected."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)

"""Tables of the public names of a module, read without importing it: some need torch."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def describe_module(module: str, members: Sequence[str]) -> Iterator[str]:
    """Yield a table with one row per public name, or per one of `members`.

    Public are the names in ``__all__``, else those without underscore; those without a
    docstring are left out.
    """
    tree = _parse(module)
    yield f"| `{module}` | |"
    yield "| --- | --- |"
    for name in members or _public(tree):
        if text := _find_docstring(tree, name):
            yield f"| `{name}` | {_first_sentence(text)} |"


def _parse(module: str) -> ast.Module:
    path = SOURCE / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text("utf-8"))


def _public(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            listed: list[str] = ast.literal_eval(node.value)
            return sorted(listed, key=str.lower)
    names = [name for node in tree.body for name in [_bound(node)] if name]
    return [name for name in names if not name.startswith("_")]


def _bound(node: ast.stmt) -> str | None:
    """Name of a class or function, or of a variable that is assigned."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return node.name
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        return target.id if isinstance(target, ast.Name) else None
    return None


def _find_docstring(tree: ast.Module, name: str) -> str | None:
    """Find what a name's definition says, in the module that it is imported from."""
    for node, following in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.ImportFrom) and node.module:
            if name in {alias.asname or alias.name for alias in node.names}:
                return _find_docstring(_parse(node.module), name)
        elif _bound(node) == name:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                if text := ast.get_docstring(node):  # overloads have none
                    return text
            elif isinstance(following, ast.Expr):
                return inspect.cleandoc(ast.literal_eval(following.value))
    return None


def _first_sentence(text: str) -> str:
    """Take the first paragraph up to its first full stop; roles become code."""
    paragraph = " ".join(text.split("\n\n")[0].split())
    sentence = re.split(r"(?<=\.) (?=[A-Z])|; ", paragraph)[0].rstrip(".:")
    code = re.sub(r":math:`([^`]+)`", r"$\1$", sentence).replace("``", "`")
    return code.replace("|", "\\|")

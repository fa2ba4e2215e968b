"""Words and pieces of messages that many parts share."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

Extra = Literal["cluster", "deep", "match", "sdp", "torch", "zarr"]
"""Sets of optional packages that are missed while the program runs; see pyproject.toml."""

STAGE_TITLES = {
    "synthetic": "known transformations",
    "weak": "pairs of the set",
    "agreed": "pseudo-labels of the set",
}
"""What the stages of training are called where they are not options."""


def describe_unknown(kind: str, name: str, known: Collection[str], within: str = "") -> str:
    """Say that there is no `kind` of that name, which one is near, and which there are."""
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    where = f" in {within}" if within else ""
    return f"Unknown {kind} {name!r}{where}.{hint} Known: {', '.join(known)}."


def how_to_install(extra: Extra) -> str:
    """Say what installs the packages of `extra` beside those of an installed napari-jcc."""
    # Quotes that every shell takes away: cmd.exe leaves single ones.
    return f'Install with: pip install "napari-jcc[{extra}]"'


def count_of(number: int, thing: str) -> str:
    """Say how many things there are: ``1 image``, ``3 images``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def list_some(items: Sequence[str], most: int = 3) -> str:
    """List the first of some items, and how many more there are."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def list_by_reason(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """List pairs of a name and a reason, a line for all names of one reason."""
    names: dict[str, list[str]] = {}
    for name, reason in reasons:
        names.setdefault(reason, []).append(name)
    return [f"{list_some(found)}: {reason}" for reason, found in names.items()]

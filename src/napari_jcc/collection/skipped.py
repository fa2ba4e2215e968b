"""Files that were left out, in few lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_MOST_NAMES = 3


def describe_skipped(skipped: Mapping[str, str]) -> list[str]:
    """Say which files were left out and why, a line for each reason.

    Parameters
    ----------
    skipped
        Reasons by path, such as `ImageCollection.skipped`.

    Returns
    -------
    list of str
        ``"a.png, b.png: no image"``; of many names the first and how many more.
    """
    names: dict[str, list[str]] = {}
    for path, reason in skipped.items():
        names.setdefault(reason, []).append(Path(path).name or path)
    return [f"{_list(found)}: {reason}" for reason, found in names.items()]


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown

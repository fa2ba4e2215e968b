"""Files that were left out, in few lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from napari_jcc.words import list_some


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
    return [f"{list_some(found)}: {reason}" for reason, found in names.items()]

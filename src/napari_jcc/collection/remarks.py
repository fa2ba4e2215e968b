"""What to tell of the files of a set: those that were left out, those of several pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from napari_jcc.words import list_by_reason

if TYPE_CHECKING:
    from napari_jcc.collection.collection import ImageCollection


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
    return list_by_reason((Path(path).name or path, why) for path, why in skipped.items())


def describe_pages(images: ImageCollection) -> str:
    """Say what becomes of files with several pages; empty where there is none."""
    counts = Counter(source.location for source in images.sources if source.location)
    stacks = [count for count in counts.values() if count > 1]
    if not stacks:
        return ""
    files = "1 file has" if len(stacks) == 1 else f"{len(stacks)} files have"
    return (
        f"{files} several pages (depths, times or frames). Every page is taken for an "
        f"image of its own, {sum(stacks)} in all. To work on some of them only, put these "
        "into files of their own; to keep the axes of a single file, open it with napari "
        "and choose its layer."
    )

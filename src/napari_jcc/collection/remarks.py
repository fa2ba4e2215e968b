"""What to tell of the files of a set: of several pages, and of channels without colour."""

from __future__ import annotations

from collections import Counter

from napari_jcc.collection.collection import ImageCollection
from napari_jcc.collection.sources import FileSource

_ALONE = " A file keeps its axes where it is opened alone."


def describe_files(
    images: ImageCollection, channels: str = "the setting collection.channels"
) -> list[str]:
    """Say what becomes of files with several pages, and of channels that are no colours.

    `channels` is what the user chooses channels by.
    """
    texts = _describe_pages(images), _describe_channels(images, channels)
    return [text for text in texts if text]


def _describe_channels(images: ImageCollection, setting: str) -> str:
    files = (source for source in images.sources if isinstance(source, FileSource))
    counts = {file.location: file.separate for file in files if file.separate > 1}
    if not counts or images.config.channels:
        return ""
    most = max(counts.values())
    number = f"{most}" if min(counts.values()) == most else f"up to {most}"
    return (
        f"{_count_files(len(counts))} {number} channels that are no red, green and blue; "
        "these are averaged. To work on one of them alone, give its number, 0 to "
        f"{most - 1}, as {setting}."
    )


def _describe_pages(images: ImageCollection) -> str:
    counts = Counter(source.location for source in images.sources if source.location)
    stacks = [count for count in counts.values() if count > 1]
    if not stacks:
        return ""
    return (
        f"{_count_files(len(stacks))} several pages (depths, times or frames). Every page "
        f"is taken for an image of its own, {sum(stacks)} in all. To work on some of them "
        "only, put these into files of their own."
        f"{_ALONE if len(stacks) > 1 else ''}"
    )


def _count_files(count: int) -> str:
    return "1 file has" if count == 1 else f"{count} files have"

"""Images of a set that can be read to their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from napari_jcc.collection.collection import ImageCollection
from napari_jcc.collection.files import describe_skipped
from napari_jcc.errors import InputError
from napari_jcc.progress import Progress


def keep_readable(collection: ImageCollection, progress: Progress) -> ImageCollection:
    """Read every image once, and leave out those that cannot be read, with the reason.

    For work so long that a damaged image must not end it: headers do not tell of damage.

    Raises
    ------
    InputError
        If none can be read.
    Cancelled
        If the progress was cancelled.
    """
    failed = {}
    progress.start("Reading images", len(collection))
    for place in range(len(collection)):
        try:
            collection.image(place)
        except InputError as error:
            failed[place] = str(error.__cause__ or error)  # without the image's name
        progress.advance()
    return leave_out(collection, failed)


def leave_out(collection: ImageCollection, failed: Mapping[int, str]) -> ImageCollection:
    """Leave out the images at some places, with the reason.

    Raises
    ------
    InputError
        If no other is there.
    """
    called = _call_files(collection)
    skipped = {called[place]: reason for place, reason in failed.items()}
    if len(failed) == len(collection):
        reasons = "\n".join(describe_skipped(skipped))
        raise InputError(f"None of the {len(failed)} images can be read.\n{reasons}")
    good = (place for place in range(len(collection)) if place not in failed)
    return collection.select(good, skipped)


def _call_files(collection: ImageCollection) -> list[str]:
    """Call every image by its file, or by its name where others are in the same file."""
    times = Counter(source.location for source in collection.sources)
    return [
        source.location if source.location and times[source.location] == 1 else name
        for source, name in zip(collection.sources, collection.names, strict=True)
    ]

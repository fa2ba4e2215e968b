"""Files and table rows found by the name of the image they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

EXTENSIONS = (".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jpg", ".jpeg")
"""First choice first: lossless before lossy."""

T = TypeVar("T")


def index_images(folder: Path) -> dict[str, Path]:
    """Find the image files in `folder` and below it.

    Returns
    -------
    files
        By path relative to `folder`, with ``/`` and without extension. Of files that
        differ only in the extension, the first of `EXTENSIONS`.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)
    files.sort(key=lambda path: EXTENSIONS.index(path.suffix.lower()), reverse=True)
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def find_by_name(table: Mapping[str, T], name: str) -> T | None:
    """Return the entry of an image, whose key may carry an image extension, or None."""
    if name in table:
        return table[name]
    lower = {key.lower(): key for key in table if key.startswith(f"{name}.")}
    keys = (lower.get(f"{name}{extension}".lower()) for extension in EXTENSIONS)
    return next((table[key] for key in keys if key is not None), None)

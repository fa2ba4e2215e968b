"""Names of images, by their files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath

_OME = re.compile(r"(?P<stem>.+)(?P<extension>\.ome\.(tiff?|zarr))", re.IGNORECASE)


def split_name(name: str) -> tuple[str, str]:
    """Part the name of an image file, or its path, from its extension.

    The extension of ``a.ome.tif`` is ``.ome.tif`` and of ``a.ome.zarr`` ``.ome.zarr``, of
    all others what `Path.suffix` says.
    """
    if (ome := _OME.fullmatch(name)) is not None:
        return ome["stem"], ome["extension"]
    extension = PurePath(name).suffix
    return name.removesuffix(extension), extension


def name_images(
    files: Sequence[Path], places: Sequence[Sequence[str]], root: Path | None
) -> list[str]:
    """Give every image a name that is unique, also where upper and lower case are one.

    Parameters
    ----------
    files
        Files in order.
    places
        What tells the images of every file apart, one each; not used where it is one.
    root
        Folder that names are relative to.

    Returns
    -------
    names
        Path below `root` with ``/`` and without extension; ``_png``, ``_ome_tif`` and so
        on is added where two files differ in the extension only, and ``_`` with the place
        where a file holds several images.
    """
    parts = [split_name(_relative(path, root).as_posix()) for path in files]
    times = Counter(stem.casefold() for stem, _ in parts)
    names = []
    for (stem, extension), inside in zip(parts, places, strict=True):
        several = times[stem.casefold()] > 1
        name = f"{stem}_{extension[1:].replace('.', '_')}" if several else stem
        names += [name] if len(inside) == 1 else [f"{name}_{place}" for place in inside]
    return _number_repeats(names)


def _relative(path: Path, root: Path | None) -> PurePath:
    return path.relative_to(path.anchor if root is None else root)


def _number_repeats(names: Sequence[str]) -> list[str]:
    taken: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 2
        while candidate.casefold() in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate.casefold())
        unique.append(candidate)
    return unique

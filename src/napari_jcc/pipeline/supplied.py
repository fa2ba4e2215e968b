"""Saliency maps of the user's own, found by the names of the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_jcc.collection import ImageCollection
from napari_jcc.config import SaliencyConfig
from napari_jcc.errors import InputError


def check_folder(config: SaliencyConfig) -> None:
    """Tell early that there is no folder of supplied maps.

    Raises
    ------
    InputError
        If the method is ``supplied`` and the folder is missing.
    """
    if config.method != "supplied":
        return
    if not config.folder or not Path(config.folder).is_dir():
        found = f"there is none at {config.folder}" if config.folder else "none is named"
        raise InputError(
            f"saliency.folder must name a folder of gray images, but {found}. Set it, or "
            "choose another saliency.method."
        )


def find_supplied(
    names: tuple[str, ...], config: SaliencyConfig
) -> list[ImageCollection | None]:
    """Return, for every image, a collection of its one supplied map.

    All None unless the method is ``supplied``.

    Raises
    ------
    InputError
        If the folder lacks a map; the message names the images without.
    """
    if config.method != "supplied":
        return [None] * len(names)
    return [*find_maps(names, Path(config.folder), "saliency map")]


def find_maps(names: Sequence[str], folder: Path, kind: str) -> list[ImageCollection]:
    """Find an image of a folder for every name, each as a collection of its own.

    Raises
    ------
    InputError
        If there is none for some; the message names them.
    """
    maps = ImageCollection.from_folder(folder, recursive=True)
    place = {name: position for position, name in enumerate(maps.names)}
    missing = [name for name in names if name not in place]
    if missing:
        shown = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
        raise InputError(
            f"{folder} has no {kind} for {len(missing)} of {len(names)} images: "
            f"{shown}. A map has the file name of its image, with any image extension."
        )
    return [maps.select([place[name]]) for name in names]

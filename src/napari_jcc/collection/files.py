"""Paths to image sources: every usable image of the files and folders given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from natsort import natsorted

from napari_jcc.collection.axes import Axis, name_places
from napari_jcc.collection.discovery import EXTENSIONS, find_files
from napari_jcc.collection.file_names import name_images
from napari_jcc.collection.header import Header
from napari_jcc.collection.mask_files import find_masks
from napari_jcc.collection.reading import probe_file
from napari_jcc.collection.sources import FileSource
from napari_jcc.collection.zarr_files import is_zarr
from napari_jcc.errors import InputError
from napari_jcc.words import list_by_reason, list_some


class OpenedFiles(NamedTuple):
    """Images of some files.

    Attributes
    ----------
    sources, names
        One per image, in natural order.
    skipped
        Files that are left out, with the reason.
    axes
        Named axes that the images lie on, if all are of one file that has such.
    """

    sources: tuple[FileSource, ...]
    names: tuple[str, ...]
    skipped: dict[str, str]
    axes: tuple[Axis, ...] | None


def as_paths(paths: Any) -> list[str | os.PathLike[str]]:
    """Take one path or several.

    Raises
    ------
    InputError
        If something is no path.
    """
    if isinstance(paths, str | os.PathLike):
        return [paths]
    entries = list(paths) if isinstance(paths, Iterable) else [paths]
    for entry in entries:
        if not isinstance(entry, str | os.PathLike):
            raise InputError(
                f"{type(entry).__name__} is no path. Name files and folders; from_array "
                "takes a stack, from_arrays a list of arrays."
            )
    return entries


def open_files(
    paths: Sequence[str | os.PathLike[str]], *, recursive: bool, keep_named: bool = False
) -> OpenedFiles:
    """Read the headers of all images; see `ImageCollection.from_paths`.

    Parameters
    ----------
    paths
        Files and folders.
    recursive
        Whether folders inside the folders are searched too.
    keep_named
        Whether all named files are images, also masks of others among them.

    Raises
    ------
    InputError
        If a path does not exist, or no usable image is found.
    """
    files = find_files(paths, recursive=recursive)
    skipped = dict(files.skipped)
    headers: dict[Path, list[Header]] = {}
    # Files of an OME set; its images are counted once.
    parts: set[Path] = set()
    for path in files.files:
        if path in parts:
            continue
        try:
            headers[path] = probe_file(path)
        except InputError as error:
            skipped[str(path)] = str(error)
        else:
            parts.update(*(header.others for header in headers[path]))
    headers = {path: pages for path, pages in headers.items() if path not in parts}
    given = {path: pages for path, pages in headers.items() if path in files.given}
    masks = {path: why for path, why in find_masks(headers).items() if path not in given}
    if not keep_named:
        # Among each other, as a shell's "*" names masks together with their images.
        masks |= find_masks(given)
    for path, reason in masks.items():
        skipped[str(path)] = reason
        del headers[path]
    if not headers:
        raise InputError(_nothing_found(paths, skipped, recursive))
    names = name_images(
        list(headers), [_places(pages) for pages in headers.values()], files.root
    )
    sources = tuple(
        _make_source(path, page, header)
        for path, pages in headers.items()
        for page, header in enumerate(pages)
    )
    (first, *_), *others = headers.values()
    return OpenedFiles(sources, tuple(names), skipped, None if others else first.axes)


def _make_source(path: Path, page: int, header: Header) -> FileSource:
    others = tuple(sorted(place.name for place in header.others))
    spacing, separate = header.spacing, header.separate
    return FileSource(str(path), page, header.shape, spacing, separate, others)


def _places(pages: Sequence[Header]) -> list[str]:
    """Tell the images of a file apart: by their place on its axes, else by number."""
    axes = pages[0].axes
    return name_places([Axis("p", len(pages))] if axes is None else axes)


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


def _nothing_found(
    paths: Sequence[str | os.PathLike[str]], skipped: Mapping[str, str], recursive: bool
) -> str:
    where = ", ".join(str(path) for path in paths[:3]) + (" ..." if len(paths) > 3 else "")
    message = f"No usable image in {where}. "
    if skipped:
        message += f"Left out: {'; '.join(describe_skipped(skipped))}. "
    inside = [] if recursive else [x for path in paths for x in _folders(Path(path))]
    if inside:
        message += (
            f"Folders inside were not searched: {list_some(natsorted(inside))}. Name one, "
            "or search them all (--recursive). "
        )
    elif not skipped:
        message += "There is no file. "
    return message + f"Images are files with {', '.join(EXTENSIONS)} and OME-Zarr folders."


def _folders(path: Path) -> list[str]:
    """Names of the folders inside; none in what is no folder or cannot be listed."""
    names = [] if is_zarr(path) else next(os.walk(path), ("", [], []))[1]
    return [name for name in names if not is_zarr(path / name)]

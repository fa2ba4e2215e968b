"""From paths as the user gives them to files in natural order."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from natsort import natsorted, ns

from napari_jcc.collection.mask_files import MASK_FOLDERS
from napari_jcc.collection.zarr_files import is_zarr
from napari_jcc.errors import InputError

_STILL = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp")
EXTENSIONS = (*_STILL, ".tif", ".tiff", ".gif", ".webp")
"""Extensions that are looked for in folders; a file named by the user may have any."""
RECORDS = ("run.json", "match.json", "sweep.json")
"""Where runs of this program tell, under ``files``, what they wrote beside the record."""


@dataclass
class FoundFiles:
    """What the given paths hold.

    Attributes
    ----------
    files
        Absolute paths in natural order, each once, also where links name it again.
    root
        Folder that all files and given folders share; None across drives.
    given
        Those of the files that were named themselves.
    skipped
        Files in the folders that are no images, or were written by this program, links to
        others of the files, and folders that cannot be listed or hold masks by their names,
        with the reason. Hidden files are left out silently.
    """

    files: list[Path] = field(default_factory=list)
    root: Path | None = None
    given: set[Path] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)


def find_files(
    paths: Iterable[str | os.PathLike[str]], *, recursive: bool = False
) -> FoundFiles:
    """List the image files that `paths` (files and folders) name, and folders of Zarr.

    Raises
    ------
    InputError
        If `paths` is empty or one of them does not exist.
    """
    given = [Path(os.path.abspath(path)) for path in paths]
    if not given:
        raise InputError("No images: no path was given. Name a folder or image files.")
    found = FoundFiles(root=_common_folder(given))
    for path in given:
        if path.is_dir() and not is_zarr(path):
            _add_folder(found, path, recursive)
        elif path.exists():
            found.files.append(path)
            found.given.add(path)
        else:
            pattern = " Patterns are not expanded here, name the folder." * (
                "*" in path.name
            )
            raise InputError(
                f"{path} does not exist.{pattern} Check the spelling and the current "
                f"folder, {Path.cwd()}."
            )
    found.files = sort_files(dict.fromkeys(found.files))
    _leave_out_links(found)
    return found


def sort_files(paths: Iterable[Path]) -> list[Path]:
    """Bring absolute paths into natural order: ``a2`` before ``a10``."""
    return natsorted(paths, key=lambda path: path.as_posix(), alg=ns.PATH)


def _add_folder(found: FoundFiles, folder: Path, recursive: bool) -> None:
    images = []
    for path in _walk(found, folder, recursive):
        if os.path.isdir(path):
            images.append(path)
        elif path.suffix.lower() not in EXTENSIONS:
            found.skipped[str(path)] = "not an image file, by its extension"
        elif not os.path.isfile(path):
            found.skipped[str(path)] = "not a file, or a link to nothing"
        else:
            images.append(path)
    masks = [path for path in images if _mask_folder(path, folder) is not None]
    if len(masks) < len(images):
        for place in {_mask_folder(path, folder) for path in masks}:
            found.skipped[str(place)] = (
                "by its name a folder of masks; to use them as images, open it itself"
            )
        images = [path for path in images if _mask_folder(path, folder) is None]
    found.files += images


def _leave_out_links(found: FoundFiles) -> None:
    """Keep one of all paths that lead to one file, the file's own where it is there."""
    # Of a folder once: every part of a path asked for costs time on a network drive.
    folders = {folder: folder.resolve() for folder in {p.parent for p in found.files}}
    real = {
        path: path.resolve() if path.is_symlink() else folders[path.parent] / path.name
        for path in found.files
    }
    kept: dict[Path, Path] = {}
    for path in sorted(found.files, key=lambda path: path != real[path]):
        kept.setdefault(real[path], path)
    for path in found.files:
        if kept[real[path]] != path:
            found.skipped[str(path)] = "a link to another of the images"
    found.files = [path for path in found.files if kept[real[path]] == path]


def _mask_folder(path: Path, folder: Path) -> Path | None:
    """Folder inside `folder` that a file is in, and whose name says that it holds masks."""
    for parent in path.parents:
        if parent == folder:
            return None
        if MASK_FOLDERS.fullmatch(parent.name):
            return parent
    return None


def _walk(found: FoundFiles, folder: Path, recursive: bool) -> Iterator[Path]:
    """List files, and folders of Zarr as if they were files."""

    def report(error: OSError) -> None:
        found.skipped[str(error.filename)] = f"cannot list the folder: {error.strerror}"

    results: set[Path] = set()
    for parent, folders, names in os.walk(folder, onerror=report):
        folders[:] = [name for name in folders if not name.startswith(".")]
        zarrs = [name for name in folders if is_zarr(Path(parent, name))]
        yield from (Path(parent, name) for name in zarrs)
        folders[:] = [name for name in folders if recursive and name not in zarrs]
        for name in sorted({*names} & {*RECORDS}):
            results.update(_list_results(Path(parent, name)))
        for path in (Path(parent, name) for name in names if not name.startswith(".")):
            if path in results:
                found.skipped[str(path)] = "a result of a former run"
            else:
                yield path


def _list_results(record: Path) -> list[Path]:
    """Files that a run of this program wrote; none if `record` is of something else."""
    try:
        content = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return []
    if not isinstance(content, dict):
        return []
    form, files = content.get("format"), content.get("files")
    if not str(form).startswith("napari-jcc ") or not isinstance(files, list):
        return []
    return [record, *(record.parent / file for file in files if isinstance(file, str))]


def _common_folder(given: Sequence[Path]) -> Path | None:
    folders = [
        path if path.is_dir() and not is_zarr(path) else path.parent for path in given
    ]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # drives of Windows share no folder
        return None

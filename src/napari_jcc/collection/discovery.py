"""From paths as the user gives them to files in natural order, with unique names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from natsort import natsorted, ns

from napari_jcc.collection.mask_files import MASK_FOLDERS
from napari_jcc.errors import InputError

_STILL = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp")
EXTENSIONS = (*_STILL, ".tif", ".tiff", ".gif", ".webp")
"""Extensions that are looked for in folders; a file named by the user may have any."""


@dataclass
class FoundFiles:
    """What the given paths hold.

    Attributes
    ----------
    files
        Absolute paths in natural order, each once.
    root
        Folder that all files and given folders share; None across drives.
    given
        Those of the files that were named themselves.
    skipped
        Files in the folders that are no images, and folders that cannot be listed or hold
        masks by their names, with the reason. Hidden files are left out silently.
    """

    files: list[Path] = field(default_factory=list)
    root: Path | None = None
    given: set[Path] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)


def find_files(
    paths: Iterable[str | os.PathLike[str]], *, recursive: bool = False
) -> FoundFiles:
    """List the image files that `paths` (files and folders) name.

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
        if path.is_dir():
            _add_folder(found, path, recursive)
        elif path.exists():
            found.files.append(path)
            found.given.add(path)
        else:
            raise InputError(
                f"{path} does not exist. Check the spelling and the current folder, "
                f"{Path.cwd()}."
            )
    unique = dict.fromkeys(found.files)
    found.files = natsorted(unique, key=lambda path: path.as_posix(), alg=ns.PATH)
    return found


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
        Path below `root` with ``/`` and without extension; ``_png`` and so on is added
        where two files differ in the extension only, and ``_`` with the place where a
        file holds several images.
    """
    stems = [_relative(path, root).with_suffix("").as_posix() for path in files]
    times = Counter(stem.casefold() for stem in stems)
    names = []
    for path, stem, inside in zip(files, stems, places, strict=True):
        name = f"{stem}_{path.suffix[1:]}" if times[stem.casefold()] > 1 else stem
        names += [name] if len(inside) == 1 else [f"{name}_{place}" for place in inside]
    return _number_repeats(names)


def _add_folder(found: FoundFiles, folder: Path, recursive: bool) -> None:
    images = []
    for path in _walk(found, folder, recursive):
        if path.suffix.lower() not in EXTENSIONS:
            found.skipped[str(path)] = "not an image file, by its extension"
        elif not path.is_file():
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


def _mask_folder(path: Path, folder: Path) -> Path | None:
    """Folder inside `folder` that a file is in, and whose name says that it holds masks."""
    for parent in path.parents:
        if parent == folder:
            return None
        if MASK_FOLDERS.fullmatch(parent.name):
            return parent
    return None


def _walk(found: FoundFiles, folder: Path, recursive: bool) -> Iterator[Path]:
    def report(error: OSError) -> None:
        found.skipped[str(error.filename)] = f"cannot list the folder: {error.strerror}"

    for parent, folders, names in os.walk(folder, onerror=report):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _common_folder(given: Sequence[Path]) -> Path | None:
    folders = [path if path.is_dir() else path.parent for path in given]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # drives of Windows share no folder
        return None


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

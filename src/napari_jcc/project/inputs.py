"""Images of a project by file and content, and where these are now."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Literal

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.sources import FileSource
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError
from napari_jcc.interaction.edit import ImageKey

GONE = "not found where the project says, nor near the project"


@dataclass(frozen=True)
class ImageInput:
    """One image of a project.

    Attributes
    ----------
    name
        Its name in the collection.
    path
        Absolute path of its file; empty for an image that is in no file.
    page
        Which of the images in the file.
    shape
        Height and width in pixels.
    fingerprint
        Hash of the content (`ImageCollection.fingerprint`).
    size, modified
        Bytes of the file and its time of change in nanoseconds, with those of `others`
        added to the time: while both stay, the content is taken to be the same without
        reading it.
    relative
        Path relative to the project's folder, with ``/``, for a file below it; else empty.
    others
        Names of files beside it that hold pixels of the image too.
    """

    name: str
    path: str
    page: int
    shape: tuple[int, int]
    fingerprint: str
    size: int = 0
    modified: int = 0
    relative: str = ""
    others: tuple[str, ...] = ()

    @property
    def key(self) -> ImageKey:
        """What edits know it by."""
        return ImageKey(self.name, self.fingerprint)

    @property
    def is_available(self) -> bool:
        """Whether there is a file at `path`, or the folder of an OME-Zarr."""
        # Here and below os.path, which says no of what may not be looked at; Path raises.
        return bool(self.path) and os.path.exists(self.path)


@dataclass(frozen=True)
class Found:
    """Where an image of a project is now: ``changed`` has other content than then."""

    image: ImageInput
    state: Literal["same", "moved", "changed", "missing", "unfiled"]


def describe_inputs(collection: ImageCollection) -> tuple[ImageInput, ...]:
    """Note files and content of all images; every file is read once.

    Raises
    ------
    InputError
        If a file cannot be read any more.
    """
    return tuple(_describe(collection, i) for i in range(len(collection)))


def open_inputs(inputs: Sequence[ImageInput], config: CollectionConfig) -> ImageCollection:
    """Open the images whose files are there, with the shapes they had.

    Returns
    -------
    ImageCollection
        In the order of `inputs`; the others are listed in ``skipped``.

    Raises
    ------
    InputError
        If not one of them can be opened.
    """
    files = dict.fromkeys(image.path for image in inputs if image.is_available)
    if not files:
        raise InputError(
            f"None of the {len(inputs)} images of the project is where it was. Name the "
            "folder that they are in now."
        )
    opened = ImageCollection.from_files(files, config=config)
    sources = {(source.location, source.page): source for source in opened.sources}
    keys = [(os.path.abspath(image.path), image.page) for image in inputs]
    fits = [
        key in sources and sources[key].shape == image.shape
        for key, image in zip(keys, inputs, strict=True)
    ]
    skipped = {
        image.path or image.name: "has another size than in the project"
        if key in sources
        else opened.skipped.get(image.path, GONE)
        for key, image, fit in zip(keys, inputs, fits, strict=True)
        if not fit
    }
    places = [place for place, fit in enumerate(fits) if fit]
    if not places:
        reasons = [f"{name}: {reason}" for name, reason in skipped.items()]
        raise InputError(
            f"No image of the project can be opened. {'; '.join(reasons[:3])}. Put the "
            "images back that it was made of, or name the folder that they are in now."
        )
    found = ImageCollection(
        tuple(sources[keys[place]] for place in places),
        tuple(inputs[place].name for place in places),
        config,
        skipped,
        (len(places),),
    )
    if opened.axes is None or found.sources != opened.sources:
        return found
    return found.on_axes(opened.axes)


@dataclass
class Search:
    """Looks for the images of a project that was opened.

    Parameters
    ----------
    folder
        The project's folder now.
    root
        Folder to search with all its subfolders for images that have moved; None: only
        at the same places below the project's folder, and by name in the folders in it.
    """

    folder: Path
    root: Path | None = None

    def find(self, image: ImageInput) -> Found:
        """Find the file with the image's content, else one in its place."""
        if not image.path:
            return Found(image, "unfiled")
        places = [self.folder / image.relative] if image.relative else []
        places.append(Path(image.path))
        for place in (*places, *self._elsewhere(image)):
            if _holds(place, image):
                is_same = str(place) == image.path
                return Found(_at(image, place), "same" if is_same else "moved")
        for place in places:
            if os.path.exists(place):
                # The fingerprint stays: the result belongs to the former content.
                return Found(replace(image, path=str(place)), "changed")
        return Found(image, "missing")

    def find_path(self, path: str, relative: str) -> str:
        """Find a file or folder that is no image; empty when it is gone."""
        places = [self.folder / relative] if relative else []
        places += [Path(path), *self._same_ending(path)]
        return next((str(place) for place in places if os.path.exists(place)), "")

    def _elsewhere(self, image: ImageInput) -> Iterator[Path]:
        yield from self._same_ending(image.path)
        name = PurePath(image.path.replace("\\", "/")).name
        yield from (folder / name for folder in self._folders_beside)
        if self.root is not None:
            candidates = self._files_by_size.get(image.size, [])
            yield from sorted(candidates, key=lambda place: place.name != name)

    def _same_ending(self, path: str) -> Iterator[Path]:
        """Places below the folders with the longest possible end of `path`."""
        parts = PurePath(path.replace("\\", "/")).parts
        for folder in filter(None, (self.root, self.folder)):
            for start in range(1, len(parts)):
                yield folder.joinpath(*parts[start:])

    @cached_property
    def _folders_beside(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.is_dir())
        except OSError:
            return []

    @cached_property
    def _files_by_size(self) -> dict[int, list[Path]]:
        found = defaultdict(list)
        for parent, _, names in os.walk(self.root or self.folder):
            for place in (Path(parent, name) for name in sorted(names)):
                if os.path.isfile(place):
                    found[place.stat().st_size].append(place)
        return found


def relative_to(path: str, folder: Path) -> str:
    """Path relative to a folder above it, with ``/``; empty where there is none."""
    try:
        return Path(os.path.abspath(path)).relative_to(folder).as_posix() if path else ""
    except ValueError:
        return ""


def _describe(collection: ImageCollection, index: int) -> ImageInput:
    source = collection.sources[index]
    image = ImageInput(
        name=collection.names[index],
        path=os.path.abspath(source.location) if source.location else "",
        page=source.page,
        shape=source.shape,
        fingerprint=collection.fingerprint(index),
        others=source.others if isinstance(source, FileSource) else (),
    )
    return _at(image, Path(image.path)) if image.path else image


def _at(image: ImageInput, place: Path) -> ImageInput:
    size, modified = _state(_source(place, image))
    return replace(image, path=str(place), size=size, modified=modified)


def _holds(place: Path, image: ImageInput) -> bool:
    """Whether the file at `place` has the image's content."""
    try:
        source = _source(place, image)
        size, modified = _state(source)
        if size != image.size:
            return False
        if modified and str(place) == image.path and modified == image.modified:
            return True
        found = source.fingerprint()
    except (OSError, ValueError):  # no such file, or not to be read
        return False
    return found == image.fingerprint


def _source(place: Path, image: ImageInput) -> FileSource:
    return FileSource(str(place), image.page, image.shape, others=image.others)


def _state(source: FileSource) -> tuple[int, int]:
    """Bytes of the first file of an image, and the times of change of all added up.

    Both are 0 for an OME-Zarr, whose folder does not tell when a file inside was changed.
    """
    if Path(source.location).is_dir():
        return 0, 0
    states = [path.stat() for path in source.files]
    return states[0].st_size, sum(state.st_mtime_ns for state in states)

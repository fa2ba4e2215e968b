"""A folder written by a run, read back."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.axes import has_depth
from napari_jcc.collection.reading import open_picture
from napari_jcc.collection.spacing import Spacing, checked_spacing
from napari_jcc.config.presets import DEFAULT_PRESET
from napari_jcc.config.saved import read_settings
from napari_jcc.errors import InputError, JccError
from napari_jcc.results.box_table import read_scored_boxes
from napari_jcc.results.names import BOXES, RECORD, RESULT
from napari_jcc.results.result import ImageResult, JccResult, bare_image
from napari_jcc.tables import as_written
from napari_jcc.words import count_of

_NO_BOXES = np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class SavedResult:
    """What a run wrote into a folder.

    Attributes
    ----------
    result
        Masks, boxes, settings and times. Superpixels, candidate boxes and saliency are not
        saved and come back empty.
    sources
        File of every image, as an absolute path; empty for images that were in no file.
    pages
        Number of every image within its file, from 0.
    spacings
        Size of a pixel of every image, None where it was not known.
    """

    result: JccResult
    sources: tuple[str, ...] = field(repr=False)
    pages: tuple[int, ...] = field(repr=False)
    spacings: tuple[Spacing | None, ...] = field(repr=False)

    def open_images(self) -> ImageCollection | None:
        """Open the images where they were; None where one is gone or of another size."""
        if not all(self.sources):
            return None
        files = dict.fromkeys(self.sources)
        try:
            found = ImageCollection.from_files(files, config=self.result.config.collection)
        except (JccError, OSError):
            return None
        there = {(s.location, s.page): place for place, s in enumerate(found.sources)}
        wanted = zip(self.sources, self.pages, strict=True)
        places = [there[origin] for origin in wanted if origin in there]
        shapes = [found.shape(place) for place in places]
        fits = shapes == [image.mask.shape for image in self.result.images]
        return found.select(places) if fits else None


def is_saved_result(folder: Path) -> bool:
    """Whether a run wrote its results into `folder`; looks at the record's first bytes."""
    try:
        with (folder / RECORD).open(encoding="utf-8", errors="replace") as file:
            return RESULT.form in file.read(200)
    except OSError:
        return False


def read_result(folder: str | Path) -> SavedResult:
    """Read masks, boxes, settings and times that a run wrote into a folder.

    Raises
    ------
    InputError
        If the record or a mask is missing or damaged.
    """
    folder = Path(folder)
    if folder.is_file():
        raise InputError(
            f"{folder} is a file. Give the folder that 'napari-jcc segment --output' wrote."
        )
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        boxes = read_scored_boxes(folder / BOXES)
        images = tuple(_read_image(folder, item, boxes) for item in record["images"])
        # Masks stay what they are where another version knows other settings.
        config, _ = read_settings(record["config"], DEFAULT_PRESET)
        start = Path(record.get("working_folder", "."))
        sources = tuple(
            str(start / item["source"]) if item["source"] else ""
            for item in record["images"]
        )
        pages = tuple(_read_pages(record["images"]))
        spacings = tuple(_read_spacing(item.get("spacing")) for item in record["images"])
        notes = tuple(map(str, record.get("notes") or ()))
        parts = record["skipped"], record["solver"] or {}, record["seconds"] or {}
        measured = dict(record.get("measured") or {})
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} holds no whole result of a run: {error.filename} is missing. Give "
            "the folder that 'napari-jcc segment --output' wrote, or run the segmentation "
            "again."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, JccError) as error:
        raise InputError(
            f"The result in {folder} cannot be read: {error}. Run the segmentation again, "
            "or open its masks folder alone."
        ) from error
    result = JccResult(images, config, *parts, notes, measured)
    return SavedResult(result, sources, pages, spacings)


def _read_pages(items: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    """Read the number of every image within its file; an earlier version kept none."""
    before: Counter[str] = Counter()
    for item in items:
        yield int(item.get("page", before[item["source"]]))
        before[item["source"]] += 1


def _read_spacing(found: list[Any] | None) -> Spacing | None:
    """Read the size of a pixel; None where an earlier version kept none."""
    return None if found is None else checked_spacing(*found)


def _read_uncertainty(item: Mapping[str, Any]) -> float | None:
    """Read the doubt about an image; None where an earlier version kept none."""
    found = item.get("uncertainty")
    return None if found is None else float(found)


def _read_image(
    folder: Path, item: dict[str, Any], boxes: dict[str, tuple[Float32Array, Float32Array]]
) -> ImageResult:
    with open_picture(folder / item["mask"]) as picture:
        mask: MaskArray = np.asarray(picture) > 0
    nothing = _NO_BOXES, np.zeros(0, np.float32)
    found, scores = boxes.get(as_written(item["name"]), nothing)
    best = int(np.argmax(scores)) if len(scores) else None
    image = bare_image(
        item["name"],
        mask=mask,
        box=None if best is None else found[best],
        score=0.0 if best is None else float(scores[best]),
        warning=item["warning"],
    )
    image = replace(image, uncertainty=_read_uncertainty(item))
    if not item.get("instances"):
        return image
    with open_picture(folder / item["instances"]) as picture:
        labels = np.asarray(picture).astype(np.int32)
    return replace(image, instances=labels, instance_boxes=found, instance_scores=scores)


class StoredPictures(Mapping[str, NDArray[Any]]):
    """Images as stored, by name, read when asked for; an `InputError` says why not."""

    @abstractmethod
    def spacing(self, name: str) -> Spacing | None:
        """Size of a pixel, as the image's file says now or, if that is gone, said then."""

    @abstractmethod
    def lies_on_z(self, name: str) -> bool:
        """Whether the image is a slice of a stack, if its file can be read and says so."""


class SavedPictures(StoredPictures):
    """Images of a result that was read back."""

    def __init__(self, saved: SavedResult) -> None:
        names = [image.name for image in saved.result.images]
        origins = zip(saved.sources, saved.pages, strict=True)
        self._places = dict(zip(names, origins, strict=True))
        self._spacings = dict(zip(self._places, saved.spacings, strict=True))
        self._config = saved.result.config.collection
        self._opened: dict[str, ImageCollection] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        file, page = self._find(name)
        return file.raw(page)

    def spacing(self, name: str) -> Spacing | None:
        """Size of a pixel, as the image's file says now or, if that is gone, said then."""
        try:
            file, page = self._find(name)
        except (InputError, OSError):
            return self._spacings[name]
        return file.spacing(page)

    def lies_on_z(self, name: str) -> bool:
        """Whether the image is a slice of a stack, if its file can be read and says so."""
        try:
            file, _ = self._find(name)
        except (InputError, OSError):
            return False
        return has_depth(file.axes)

    def _find(self, name: str) -> tuple[ImageCollection, int]:
        """File of an image, and its number in there."""
        source, page = self._places[name]
        if not source:
            raise InputError("the image was in no file")
        if source not in self._opened:  # pages of a file share it
            opened = ImageCollection.from_paths([source], config=self._config)
            self._opened[source] = opened
        file = self._opened[source]
        if page >= len(file):
            raise InputError(f"{source} has {count_of(len(file), 'image')} only by now")
        return file, page

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

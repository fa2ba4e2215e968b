"""The truth for a set of images: masks or boxes, found by the names of the images."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.collection.file_names import split_name
from napari_jcc.collection.mask_files import name_starts, said_image
from napari_jcc.collection.reading import open_picture, probe_file, read_file
from napari_jcc.errors import InputError
from napari_jcc.evaluation.boxes import read_boxes
from napari_jcc.results.names import BOXES
from napari_jcc.tables import as_written
from napari_jcc.words import list_some

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
    names = (split_name(path.relative_to(folder).as_posix())[0] for path in files)
    return dict(zip(names, files, strict=True))


def find_by_name(table: Mapping[str, T], name: str) -> T | None:
    """Return the entry of an image, whose key may carry an image extension, or None."""
    name = as_written(name).strip()  # as tables of boxes have it
    if name in table:
        return table[name]
    lower = {key.lower(): key for key in table if key.startswith(f"{name}.")}
    keys = (lower.get(f"{name}{extension}".lower()) for extension in EXTENSIONS)
    return next((table[key] for key in keys if key is not None), None)


SUFFIXES = ("_mask", "_GT", "_gt", "_segmentation", "_seg", "_labels", "_label", "")
"""What may follow the name of the image in the name of its mask, first choice first. The
bare name comes last: where images and masks share a folder it is the image."""

_ENDINGS = ", ".join(filter(None, SUFFIXES))

FOLDERS = ("masks/", "truth/", "")
_TRUTH_FOLDER = re.compile(r"^(masks|truth)(/|$)")


@dataclass(frozen=True)
class Truth:
    """Where the truth of every image is.

    Attributes
    ----------
    masks
        Mask file by name of the image; read when needed.
    boxes
        (K, 4) float32 by name of the image, ``xyxy``, half-open.
    """

    masks: Mapping[str, Path] = field(default_factory=dict)
    boxes: Mapping[str, Float32Array] = field(default_factory=dict)

    def mask(self, name: str) -> MaskArray | None:
        """Read the mask of an image, (H, W) bool, or return None if it has none."""
        return read_mask(self.masks[name]) if name in self.masks else None

    def numbers(self, name: str) -> NDArray[Any] | None:
        """Read the numbers of the objects of an image (`read_numbers`); None without."""
        return read_numbers(self.masks[name]) if name in self.masks else None


def find_truth(
    place: str | Path, names: Iterable[str], images: Collection[Path] = ()
) -> Truth:
    """Find the truth of the images called `names`.

    Parameters
    ----------
    place
        A table of boxes (``.csv``), or a folder with mask images called like the images,
        with or without one of `SUFFIXES`, in it or in its folders ``masks`` or ``truth``,
        and perhaps a table ``boxes.csv``. Else a file that is by its name the mask of
        one image alone, as ``A01_mask`` of ``A01_w2``.
    names
        Names of images, without extension.
    images
        Files of the images themselves, resolved; never taken for their own masks.

    Raises
    ------
    InputError
        If `place` does not exist or holds no truth for any of the images; the message says
        what was looked for and what was found.
    """
    place, names = Path(place), list(names)
    if place.is_file() and place.suffix.lower() in EXTENSIONS:
        raise InputError(
            f"{place} is a single picture or stack. Give a folder with a mask for every "
            f"image, called as that: {list_some(names)}; or a CSV of boxes."
        )
    if place.is_file():
        table, files = read_boxes(place), {}
    elif place.is_dir():
        found = index_images(place)
        files = {key: file for key, file in found.items() if file.resolve() not in images}
        table = read_boxes(place / BOXES) if (place / BOXES).is_file() else {}
    else:
        raise InputError(
            f"There is no truth at {place}. Give a folder of mask images or a CSV of boxes."
        )
    masks = _find_called_alike(files, names)
    masks |= {name: path for name in names if (path := _find_mask(files, name))}
    rows = {name: find_by_name(table, name) for name in names}
    boxes = {name: row for name, row in rows.items() if row is not None}
    if not masks and not boxes:
        own = [] if place.is_file() else sorted(found.keys() - files.keys())
        raise InputError(_explain_nothing(place, names, [*files, *table], own))
    return Truth(masks, boxes)


def read_mask(path: Path) -> MaskArray:
    """Read a mask image.

    Object is every pixel of at least 128 where the image is 8 bit gray and reaches 128 (as
    0/255 and soft masks do), of at least one half in floating point, and of more than 0 in
    all others (0/1 masks, label images, palettes). An 8 bit image of all numbers from 1 to
    less than 255 is a label image. Colour images count as gray when their
    channels are equal; an opacity channel is ignored.

    Returns
    -------
    mask : (H, W) bool

    Raises
    ------
    InputError
        If the file cannot be read, is a colour picture, holds several pages, or has many
        levels but none of them 0, as photographs do.
    """
    values = read_plane(path)
    if values.dtype.kind == "f":
        return values >= 0.5
    return values >= 128 if _is_soft(values) else values > 0


def read_numbers(path: Path) -> NDArray[Any] | None:
    """Read the numbers of the objects in a mask image, (H, W) int; None without numbers.

    Only soft masks and palettes have none for sure: a mask of 0 and 1 may show one object.

    Raises
    ------
    InputError
        As `read_mask`.
    """
    values = read_plane(path)
    return None if values.dtype.kind not in "iu" or _is_soft(values) else values


def read_plane(path: Path) -> NDArray[Any]:
    """Read a mask image as it is stored, (H, W), gray.

    Raises
    ------
    InputError
        As `read_mask`.
    """
    try:
        values = _read_values(path)
    # tifffile and Pillow raise errors of their own, which derive from these.
    except (OSError, ValueError, InputError) as error:
        raise InputError(
            f"Cannot read the mask {path}: {error}. Repair it or leave it out."
        ) from error
    if values.ndim == 3 and values.shape[-1] <= 4:
        values = _drop_channels(path, values)
    if values.ndim != 2:
        raise InputError(
            f"The mask {path} has shape {values.shape}. Give one gray image per mask."
        )
    whole = values.dtype.kind in "iu" and values.min(initial=1) > 0
    if whole and len(np.unique(values)) > 2:
        raise InputError(
            f"{path} looks like a picture, not a mask: no pixel is 0, and there are "
            f"{len(np.unique(values))} levels. Masks are 0 outside the object and called "
            f"like the image, perhaps with {_ENDINGS} added."
        )
    return values


def _is_soft(values: NDArray[Any]) -> bool:
    """Whether 8 bits are levels of gray, not the numbers of many objects."""
    highest = values.max(initial=0)
    if values.dtype != np.uint8 or highest < 128:
        return False
    numbers = np.unique(values[values > 0])
    return bool(highest == 255 or len(numbers) < highest)


def _read_values(path: Path) -> NDArray:
    if path.suffix.lower() in {".tif", ".tiff"}:
        try:
            return np.asarray(tifffile.imread(path))
        except (ValueError, ImportError):  # perhaps a compression that Pillow reads
            if len(probe_file(path)) > 1:
                raise
            return read_file(path).values
    with open_picture(path) as image:
        values = np.asarray(image)
        # A palette's entries are labels: 255 means as much as 1.
        return values > 0 if image.mode == "P" else values


def _drop_channels(path: Path, values: NDArray) -> NDArray:
    colour = values[..., :1] if values.shape[-1] == 2 else values[..., :3]
    if (colour != colour[..., :1]).any():
        raise InputError(
            f"{path} is a colour picture, not a mask. Give gray or black-and-white images "
            f"called like the image, perhaps with {_ENDINGS} added."
        )
    return colour[..., 0]


def _find_mask(files: Mapping[str, Path], name: str) -> Path | None:
    # Names with .ome were given by programs that know no such extension.
    stems = dict.fromkeys((name, f"{name}.ome", name.removesuffix(".ome")))
    candidates = (
        f"{folder}{stem}{suffix}"
        for stem in stems
        for suffix in SUFFIXES
        for folder in FOLDERS
    )
    return next((files[key] for key in candidates if key in files), None)


def _find_called_alike(files: Mapping[str, Path], names: Sequence[str]) -> dict[str, Path]:
    """Masks by what their names say to be masks of, where that starts one name only."""
    said = {}
    for key, path in files.items():
        folder = _TRUTH_FOLDER.sub("", key.rpartition("/")[0])
        said[folder, said_image(path)] = path
    starts = {
        name: [(folder, start) for start in name_starts(last)]
        for name in names
        for folder, _, last in [name.rpartition("/")]
    }
    count = Counter(start for found in starts.values() for start in found)
    return {
        name: said[start]
        for name, found in starts.items()
        for start in found
        if count[start] == 1 and start in said
    }


def _explain_nothing(
    place: Path, names: list[str], found: list[str], own: list[str]
) -> str:
    """Say what was looked for and found; `own` are the images themselves."""
    if own and not found:
        return (
            f"{place} holds the images themselves ({list_some(own)}) and no truth. Name "
            "the folder of their masks, or put masks beside them that are called like the "
            f"images with {_ENDINGS} added."
        )
    return (
        f"{place} holds no truth for any of the {len(names)} images. Looked for masks or "
        f"boxes called {list_some(names)}, perhaps with "
        f"{_ENDINGS} added; found {list_some(found) or 'nothing'}. "
        "Name the truth like the images."
    )

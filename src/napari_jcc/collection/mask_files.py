"""Files beside images that are masks of them, told by name, size and number of values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from napari_jcc.collection.file_names import split_name
from napari_jcc.collection.header import Header
from napari_jcc.collection.reading import read_file
from napari_jcc.errors import InputError

FEW_VALUES = 32
"""Most values, or colours, of a file that counts as mask without a name that says so."""

_ABOUT = ["masks?", "labels?", "gt", "truth", "seg", "segmentations?", "annotations?"]
MASK_FOLDERS = re.compile("|".join([*_ABOUT, "ground[ _-]?truth"]), re.IGNORECASE)
"""Names of folders whose files are no images where images lie beside the folder, and of
files that hold masks, as the stack that `export` writes."""

_WORD = f"(?:{'|'.join(_ABOUT)})"
_SAID_LAST = re.compile(rf"(?P<image>.+)[ _.-]{_WORD}", re.IGNORECASE)
_SAID_FIRST = re.compile(rf"{_WORD}[ _.-](?P<image>.+)", re.IGNORECASE)
_LOSSY = (".jpg", ".jpeg", ".jpe", ".jfif")
_HOW_TO_USE = "to use it as an image, open the file by itself or move it to another folder"


def find_masks(headers: Mapping[Path, Sequence[Header]]) -> dict[Path, str]:
    """Find the files that are masks of others, with the reason.

    Parameters
    ----------
    headers
        Of all image files; they are compared within their folders.
    """
    by_start: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    by_stem: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    called_masks = {path for path in headers if MASK_FOLDERS.fullmatch(_stem(path))}
    for path in headers:
        if not said_image(path) and path not in called_masks:
            stem = _stem(path)
            by_stem[path.parent, stem.casefold()].append(path)
            # Names of masks may be made of an OME file's whole name: a.ome_mask.png.
            for start in dict.fromkeys((*name_starts(stem), *name_starts(path.stem))):
                by_start[path.parent, start].append(path)
    found: dict[Path, str] = {}
    for path in headers:
        images = by_start.get((path.parent, said_image(path)), [])
        if images and _may_belong(path, images, headers):
            found[path] = f"by its name the mask of an image beside it; {_HOW_TO_USE}"
    for twins in by_stem.values():
        if len(twins) == 2 and (mask := _mask_of_twins(twins, headers)) is not None:
            found[mask] = (
                "a mask, as it has few values and the name and size of an image beside "
                f"it; {_HOW_TO_USE}"
            )
    folders = {path.parent for path in headers.keys() - called_masks}
    for path in sorted(called_masks):
        if path.parent in folders and _has_few_values(path):
            found[path] = f"by its name masks of the images beside it; {_HOW_TO_USE}"
    return found


def said_image(path: Path) -> str:
    """Name of the image that a file is the mask of, by its name; empty if it is none."""
    stem = _stem(path)
    said = _SAID_LAST.fullmatch(stem) or _SAID_FIRST.fullmatch(stem)
    return "" if said is None else said["image"].casefold()


def name_starts(stem: str) -> list[str]:
    """Return an image's name, and what precedes its underscores: A01_w2 is of A01."""
    parts = stem.casefold().split("_")
    return [start for start in accumulate(parts, "{}_{}".format) if start]


def _stem(path: Path) -> str:
    return split_name(path.name)[0]


def _may_belong(
    mask: Path, images: Sequence[Path], headers: Mapping[Path, Sequence[Header]]
) -> bool:
    """Whether a file called a mask has the size of one of the images, or few values."""
    shape = headers[mask][0].shape
    same = any(headers[image][0].shape == shape for image in images)
    return same or _has_few_values(mask)


def _mask_of_twins(
    twins: Sequence[Path], headers: Mapping[Path, Sequence[Header]]
) -> Path | None:
    """Of two files that differ in their extension only, the one that is a mask."""
    if headers[twins[0]][0].shape != headers[twins[1]][0].shape:
        return None
    few = [path for path in twins if _has_few_values(path)]
    return few[0] if len(few) == 1 else None


def _has_few_values(path: Path) -> bool:
    if path.suffix.lower() in _LOSSY:
        return False
    try:
        values = read_file(path).values
    except InputError:
        return False
    flat = values.reshape(-1, values.shape[2] if values.ndim == 3 else 1)
    ordered = flat[np.lexsort(flat.T)]
    changes = (np.diff(ordered, axis=0) != 0).any(axis=1)
    return int(changes.sum()) < FEW_VALUES

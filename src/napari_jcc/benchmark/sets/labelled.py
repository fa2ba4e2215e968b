"""What a labelled image set is, whatever the layout of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from natsort import natsorted

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.errors import InputError
from napari_jcc.evaluation import boxes_of_mask, read_mask

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class ImageTruth:
    """Truth of one image.

    Attributes
    ----------
    boxes : (K, 4) float32
        ``xyxy``, half-open, of every object in the image.
    mask : (H, W) bool or None
        Object pixels; None where the set has boxes only.
    ignored : (H, W) bool or None
        Pixels that the truth leaves open, not scored; None: there are none.
    """

    boxes: Float32Array
    mask: MaskArray | None = None
    ignored: MaskArray | None = None


def mask_truth(mask: MaskArray, ignored: MaskArray | None = None) -> ImageTruth:
    """Truth of a mask (H, W) alone; boxes are drawn around its objects."""
    return ImageTruth(boxes_of_mask(mask), mask, ignored)


@dataclass(frozen=True)
class LabelledClass:
    """Images of one kind of object, and how their truth is read.

    Attributes
    ----------
    name
        Name of the class; that of the set where it has one class only.
    images
        Image files, in natural order; at least one.
    read
        Reads the truth of an image file.
    """

    name: str
    images: tuple[Path, ...]
    read: Callable[[Path], ImageTruth]

    def every(self, step: int, first: int = 0) -> LabelledClass:
        """Every `step`-th image, from the one at `first` on (counted from 0).

        Raises
        ------
        InputError
            If none is left.
        """
        images = self.images[first::step]
        if not images:
            raise InputError(
                f"The class {self.name} has {len(self.images)} images, none at {first} or "
                "after. Lower --first."
            )
        return LabelledClass(self.name, images, self.read)


@dataclass(frozen=True)
class Layout:
    """How the files of a published set lie in its folder.

    Attributes
    ----------
    title
        Name of the set in tables.
    files
        What its folder must hold, for messages and help.
    classes
        Lists the names of the classes that are there.
    load
        Opens one class; truth is read later, image by image.
    """

    title: str
    files: str
    classes: Callable[[Path], list[str]]
    load: Callable[[Path, str], LabelledClass]


def single(name: str) -> Callable[[Path], list[str]]:
    """List the one class of a set without classes."""
    return lambda root: [name]


def subfolders(folder: str = "") -> Callable[[Path], list[str]]:
    """List folders below `folder` of the set as classes, hidden ones left out."""

    def find(root: Path) -> list[str]:
        place = require_folder(root / folder)
        found = (path.name for path in place.iterdir() if path.is_dir())
        return natsorted(name for name in found if not name.startswith("."))

    return find


def find_images(folder: Path, pattern: str = "*") -> list[Path]:
    """Images of a folder that match `pattern`, in natural order.

    Raises
    ------
    InputError
        If the folder is missing or holds none.
    """
    files = require_folder(folder).glob(pattern)
    found = [
        path
        for path in files
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    ]
    if not found:
        raise InputError(
            f"There are no images {pattern} in {folder}. Check --root, or leave the class "
            "out."
        )
    return natsorted(found)


def require_folder(folder: Path) -> Path:
    """Return `folder` if it is one.

    Raises
    ------
    InputError
        If it is not.
    """
    if not folder.is_dir():
        raise InputError(
            f"There is no folder {folder}. Give with --root the folder of the set, laid "
            "out as it is published."
        )
    return folder


def require_file(path: Path, image: Path) -> Path:
    """Return `path`, the truth of `image`, if it is there.

    Raises
    ------
    InputError
        If it is not.
    """
    if not path.is_file():
        raise InputError(
            f"The truth of {image} is missing: there is no file {path}. Complete the set, "
            "or take the image away."
        )
    return path


def mask_beside(
    image: Path, folder: Path, suffixes: Iterable[str] = (".png", ".bmp")
) -> ImageTruth:
    """Truth of a mask in `folder` that is called like the image.

    Raises
    ------
    InputError
        If there is none, or it cannot be read.
    """
    choices = [folder / f"{image.stem}{suffix}" for suffix in suffixes]
    found = next((path for path in choices if path.is_file()), choices[0])
    return mask_truth(read_mask(require_file(found, image)))


def parse_numbers(path: Path, values: np.ndarray, columns: int) -> np.ndarray:
    """Return `values` as (K, columns) float64.

    Raises
    ------
    InputError
        If there are no whole rows of finite numbers.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0 or numbers.size % columns or not np.isfinite(numbers).all():
        raise InputError(
            f"{path} must hold rows of {columns} numbers, got shape {numbers.shape}. "
            "The file is damaged or of another set."
        )
    return numbers.reshape(-1, columns)

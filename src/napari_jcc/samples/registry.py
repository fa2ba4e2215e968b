"""The sample sets by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from napari_jcc._types import MaskArray
from napari_jcc.atomic import replace_files
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError, OutputError
from napari_jcc.samples.cells import draw_cell
from napari_jcc.samples.coins import cut_coins
from napari_jcc.samples.worms import draw_worm
from napari_jcc.words import describe_unknown


@dataclass(frozen=True)
class Sample:
    """Images that show the same kind of object.

    Attributes
    ----------
    name
        Name in the registry.
    title
        Name in menus.
    images : each (H, W) uint8 or uint16
        Sizes differ from image to image.
    names
        One per image.
    masks : each (H, W) bool
        True on the object; None where the truth is not exactly known.
    """

    name: str
    title: str
    images: tuple[NDArray[Any], ...]
    names: tuple[str, ...]
    masks: tuple[MaskArray, ...] | None = None

    def collection(self) -> ImageCollection:
        """Images as a collection, ready to be segmented."""
        return ImageCollection.from_arrays(self.images, names=self.names)


IMAGE_COUNT = 12

Drawing = tuple[NDArray[np.uint16], MaskArray]
Made = tuple[tuple[NDArray[Any], ...], tuple[MaskArray, ...] | None]


@dataclass(frozen=True)
class SampleKind:
    """Entry of the registry.

    Attributes
    ----------
    name
        Name for `make_sample` and the command line.
    title
        Name in menus.
    description
        What the images show and where they come from.
    make
        Function of a seed that returns the images and, where exactly known, the masks.
    """

    name: str
    title: str
    description: str
    make: Callable[[int], Made]


def make_sample(name: str, *, seed: int = 0) -> Sample:
    """Make the images of one sample set; the same seed gives the same pixels.

    Parameters
    ----------
    name
        A key of `SAMPLES`.
    seed
        Start of the random numbers, at least 0.

    Raises
    ------
    InputError
        If there is no such set; the message lists those there are.
    """
    if name not in SAMPLES:
        raise InputError(describe_unknown("sample", name, SAMPLES))
    kind = SAMPLES[name]
    images, masks = kind.make(seed)
    stem = name.removesuffix("s")
    names = tuple(f"{stem}_{number:02d}" for number in range(1, len(images) + 1))
    return Sample(name, kind.title, images, names, masks)


def _coins(seed: int) -> Made:
    return cut_coins(np.random.default_rng(seed)), None


def _drawn(draw: Callable[[np.random.Generator], Drawing]) -> Callable[[int], Made]:
    def make(seed: int) -> Made:
        streams = np.random.default_rng(seed).spawn(IMAGE_COUNT)
        drawings = [draw(stream) for stream in streams]
        return tuple(image for image, _ in drawings), tuple(mask for _, mask in drawings)

    return make


SAMPLES: dict[str, SampleKind] = {
    kind.name: kind
    for kind in (
        SampleKind(
            "coins",
            "Coins (photograph)",
            "24 pieces of a photograph of Greek coins from Pompeii that comes with "
            "scikit-image, one coin each, 8 bit; no truth.",
            _coins,
        ),
        SampleKind(
            "cells",
            "Cells (drawn, with truth)",
            "12 drawn fluorescence images with one cell each among fibres and specks, "
            "16 bit, mixed sizes, exact masks.",
            _drawn(draw_cell),
        ),
        SampleKind(
            "worms",
            "Worms (drawn, with truth)",
            "12 drawn bright-field images with one worm each among eggs and grains, "
            "16 bit, mixed sizes, exact masks.",
            _drawn(draw_worm),
        ),
    )
}


def write_sample(
    name: str, folder: str | os.PathLike[str], *, overwrite: bool = False, seed: int = 0
) -> list[Path]:
    """Write a sample set to ``folder/images`` and, where truth is exact, ``folder/truth``.

    Parameters
    ----------
    name
        A key of `SAMPLES`.
    folder
        Made where it is missing.
    overwrite
        Whether files of the same names may be replaced; all others are left alone.
    seed
        Start of the random numbers.

    Returns
    -------
    paths
        Images (PNG for 8 bit, TIFF for 16 bit), then masks (PNG, 0 and 255).

    Raises
    ------
    InputError
        If there is no such set.
    OutputError
        If a file exists already and may not be replaced, or the folder cannot be written.
    """
    contents = _encode(make_sample(name, seed=seed), Path(folder))
    existing = [path for path in contents if path.exists()]
    if existing and not overwrite:
        raise OutputError(
            f"{existing[0]} exists already. Choose another folder, or allow overwriting "
            "(--overwrite)."
        )
    files = {path.relative_to(folder).as_posix(): contents[path] for path in contents}
    replace_files(Path(folder), files)
    return list(contents)


def _encode(sample: Sample, folder: Path) -> dict[Path, bytes]:
    images = {}
    for name, image in zip(sample.names, sample.images, strict=True):
        is_deep = image.dtype == np.uint16
        path = folder / "images" / (name + (".tif" if is_deep else ".png"))
        images[path] = _as_tiff(image) if is_deep else _as_png(image)
    masks = {
        folder / "truth" / f"{name}.png": _as_png(mask.astype(np.uint8) * 255)
        for name, mask in zip(sample.names, sample.masks or (), strict=bool(sample.masks))
    }
    return images | masks


def _as_png(image: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _as_tiff(image: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    # Without description and date: the same pixels give the same bytes.
    tifffile.imwrite(buffer, image, photometric="minisblack", metadata=None, software="")
    return buffer.getvalue()

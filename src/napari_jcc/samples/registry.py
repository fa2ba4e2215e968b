"""The sample sets by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
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

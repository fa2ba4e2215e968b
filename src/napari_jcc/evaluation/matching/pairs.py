"""Pairs of images with true correspondences, read only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
from PIL.ImageFile import ImageFile

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.collection.reading import open_picture
from napari_jcc.errors import InputError
from napari_jcc.evaluation.truth import read_mask


@dataclass(frozen=True)
class PairImage:
    """One image of a pair and what is known about it.

    Attributes
    ----------
    path
        The image file.
    points : (K, 2) float64
        Key points, x and y in pixels; point k of both images is the same part. K may be 0.
    box : (4,) float64 or None
        ``xyxy`` of the object, where the set gives one.
    mask_path
        The file of the object's mask, where the set gives one.
    """

    path: Path
    points: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    box: FloatArray | None = None
    mask_path: Path | None = None

    def image(self) -> ImageArray:
        """Decode the image, (H, W, 3) uint8 RGB.

        Raises
        ------
        InputError
            If the file is missing or no image.
        """
        with _open(self.path) as picture:
            return np.asarray(picture.convert("RGB"))

    def size(self) -> tuple[int, int]:
        """Height and width, from the header of the file."""
        with _open(self.path) as picture:
            return picture.height, picture.width

    def mask(self) -> MaskArray | None:
        """Read the mask of the object, (H, W) bool, or return None if there is none."""
        return None if self.mask_path is None else read_mask(self.mask_path)


@dataclass(frozen=True)
class MatchingPair:
    """Two images whose correspondences are known.

    Matchers carry points of `target` into `source`.

    Attributes
    ----------
    name
        Unique in its set.
    category
        Sub-class by which results are reported.
    source, target
        The images.
    flow_path
        The true way from pixels of `target` to those of `source`, where the set gives one.
    flipped
        Whether the objects face opposite ways: the truth holds for the images as they are,
        and a matcher is shown `source` mirrored.
    """

    name: str
    category: str
    source: PairImage
    target: PairImage
    flow_path: Path | None = None
    flipped: bool = False


@dataclass(frozen=True)
class PairSet(Sequence[MatchingPair]):
    """A benchmark: pairs that are read one by one, and how they are scored.

    Attributes
    ----------
    name
        Name of the set.
    protocols
        Names in `napari_jcc.evaluation.matching.PROTOCOLS`, the customary one first.
    keys
        What `read` makes a pair of.
    read
        Reads one pair; raises `InputError` where a part of it is missing.
    left_out
        What the set lists and the folder does not hold.
    """

    name: str
    protocols: tuple[str, ...]
    keys: tuple[Any, ...]
    read: Callable[[Any], MatchingPair]
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> MatchingPair: ...
    @overload
    def __getitem__(self, index: slice) -> PairSet: ...
    def __getitem__(self, index: int | slice) -> MatchingPair | PairSet:
        if isinstance(index, slice):
            return replace(self, keys=self.keys[index])
        return self.read(self.keys[index])

    def __iter__(self) -> Iterator[MatchingPair]:
        return map(self.read, self.keys)

    def sample(self, count: int, seed: int = 0) -> PairSet:
        """Return `count` of the pairs in their order, drawn with `seed`; all if fewer."""
        if count >= len(self):
            return self
        chosen = np.random.default_rng(seed).choice(len(self), count, replace=False)
        return replace(self, keys=tuple(self.keys[place] for place in np.sort(chosen)))


def _open(path: Path) -> ImageFile:
    try:
        return open_picture(path)
    except (OSError, InputError) as error:
        raise InputError(
            f"Cannot read {path}, which the list of pairs names: {error}. Complete the "
            "set, or take its line out of the list."
        ) from error

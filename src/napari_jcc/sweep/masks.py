"""The masks and numbered objects of many images in little memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import ImageArray, MaskArray

_LEVEL = 1
"""Of zlib: higher ones pack masks hardly smaller and take longer."""


@dataclass(frozen=True)
class PackedMask:
    """One mask, eight pixels a byte and these compressed.

    Attributes
    ----------
    shape
        H, W.
    data
        zlib stream of the packed bits.
    """

    shape: tuple[int, int]
    data: bytes

    @classmethod
    def pack(cls, mask: MaskArray) -> PackedMask:
        """Pack a mask (H, W) bool."""
        bits = np.packbits(mask).tobytes()
        return cls((mask.shape[0], mask.shape[1]), zlib.compress(bits, _LEVEL))

    def bits(self) -> ImageArray:
        """Return the packed bits, (ceil(H W / 8),) uint8."""
        return np.frombuffer(zlib.decompress(self.data), dtype=np.uint8)

    def unpack(self) -> MaskArray:
        """Return the mask, (H, W) bool."""
        count = self.shape[0] * self.shape[1]
        return np.unpackbits(self.bits(), count=count).reshape(self.shape).astype(bool)


class PackedMasks(Mapping[str, MaskArray]):
    """Masks by the names of their images, each unpacked when asked for.

    A mask of a million pixels takes a few kilobytes and is unpacked within a millisecond.

    Parameters
    ----------
    packed
        By name, in order.
    """

    def __init__(self, packed: Mapping[str, PackedMask]) -> None:
        self.packed = dict(packed)

    @classmethod
    def pack(cls, masks: Iterable[tuple[str, MaskArray]]) -> PackedMasks:
        """Pack pairs of name and mask, (H, W) bool, one after the other."""
        return cls({name: PackedMask.pack(mask) for name, mask in masks})

    def __getitem__(self, name: str) -> MaskArray:
        return self.packed[name].unpack()

    def __iter__(self) -> Iterator[str]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)

    def mean_iou(self, other: PackedMasks) -> float | None:
        """Mean over images of the IoU of two answers; None if they share no image.

        Two empty masks agree. Images are matched by name and must be of one size.
        """
        shared = [name for name in self.packed if name in other.packed]
        overlaps = [_iou(self.packed[name], other.packed[name]) for name in shared]
        return float(np.mean(overlaps)) if overlaps else None


@dataclass(frozen=True)
class PackedNumbers:
    """Numbered objects of one image, compressed.

    Attributes
    ----------
    shape
        H, W.
    kind
        Their data type.
    data
        zlib stream of the values.
    """

    shape: tuple[int, int]
    kind: np.dtype[Any]
    data: bytes

    @classmethod
    def pack(cls, numbers: NDArray[Any]) -> PackedNumbers:
        """Pack numbers (H, W) int, 0: none."""
        data = zlib.compress(numbers.tobytes(), _LEVEL)
        return cls((numbers.shape[0], numbers.shape[1]), numbers.dtype, data)

    def unpack(self) -> NDArray[Any]:
        """Return the numbers, (H, W) int."""
        return np.frombuffer(zlib.decompress(self.data), self.kind).reshape(self.shape)


def _iou(one: PackedMask, two: PackedMask) -> float:
    """As `regions.mask_iou`, counted eight pixels at a time."""
    if one == two:
        return 1.0
    a, b = one.bits(), two.bits()
    union = int(np.bitwise_count(a | b).sum())
    return int(np.bitwise_count(a & b).sum()) / union if union else 1.0

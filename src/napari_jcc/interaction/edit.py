"""One edit of an image by a user."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import FloatArray, IntArray, MaskArray
from napari_jcc.errors import InputError
from napari_jcc.interaction.runs import run_pixels

MarkArray = NDArray[np.uint8]
"""Marks of one image, (H, W), at its own size: `NONE`, `OBJECT` or `BACKGROUND`."""

NONE, OBJECT, BACKGROUND = 0, 1, 2


class ImageKey(NamedTuple):
    """Identity of an image: its name in the collection, and the hash of its content."""

    name: str
    fingerprint: str = ""


class EditKind(Enum):
    """Kinds of edits."""

    PAINT = "paint"
    BOX = "box"
    NO_BOX = "no box"
    CLEAR = "clear"


@dataclass(frozen=True, eq=False)
class Edit:
    """One entry of the journal.

    Attributes
    ----------
    key
        Image it belongs to.
    shape
        Height and width of that image.
    kind
        ``PAINT`` sets marks, ``BOX`` fixes the box, ``NO_BOX`` marks the image as showing
        no object, ``CLEAR`` removes all edits of the image.
    time
        Seconds since 1970.
    runs : (K, 3) int64
        Of ``PAINT``: first pixel in row-major order, number of pixels, new mark. Marks
        above `BACKGROUND` are `OBJECT` as well: `BACKGROUND` + n is the object n of those
        that the user told apart.
    box : (4,) float64
        Of ``BOX``: ``xyxy``, half-open, in the image's own pixels; else NaN.

    Raises
    ------
    InputError
        If `key` is no `ImageKey`, or a run reaches out of the image.
    """

    key: ImageKey
    shape: tuple[int, int]
    kind: EditKind
    time: float
    runs: IntArray = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    box: FloatArray = field(default_factory=lambda: np.full(4, np.nan))

    def __post_init__(self) -> None:
        if not isinstance(self.key, ImageKey):
            # A plain name equals no key, so that the edit would be ignored silently.
            raise InputError(
                f"What is drawn belongs to an ImageKey, not to {self.key!r}. Take that of "
                "the image from the keys of the Corrector."
            )
        size = self.shape[0] * self.shape[1]
        start, length, _ = self.runs.T
        if self.runs.min(initial=0) < 0 or (length > size - start).any():
            raise InputError(
                f"An edit of {self.key.name} sets pixels beyond the {size} of its image; "
                "the stored edits are damaged. Restore an earlier copy of the project."
            )

    @property
    def painted(self) -> MaskArray:
        """Pixels that it sets, (H, W) bool."""
        found = np.zeros(self.shape, np.bool_)
        found.reshape(-1)[run_pixels(self.runs)] = True
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Edit):
            return NotImplemented
        return (
            self._plain() == other._plain()
            # An image that was renamed has other entries with the same runs.
            and (self.runs is other.runs or np.array_equal(self.runs, other.runs))
            and np.array_equal(self.box, other.box, equal_nan=True)
        )

    def __hash__(self) -> int:
        return hash(self._plain())

    def _plain(self) -> tuple[object, ...]:
        return self.key, self.shape, self.kind, self.time

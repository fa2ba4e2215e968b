"""The eight ways in which an image can lie: mirrored or not, turned by quarters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import FloatArray
from napari_jcc.collection.collection import ImageCollection
from napari_jcc.collection.intensity import Pixels
from napari_jcc.collection.sources import ImageSource
from napari_jcc.collection.spacing import Spacing

T = TypeVar("T", bound=np.generic)
Size = tuple[int, int]


class Turn(NamedTuple):
    """Mirroring left and right, then turning to the left.

    Attributes
    ----------
    mirrored
        Whether the image is mirrored before it is turned.
    quarters
        Quarter turns, 0 to 3.
    """

    mirrored: bool = False
    quarters: int = 0

    @property
    def inverse(self) -> Turn:
        """The turn that undoes this one."""
        return self if self.mirrored else Turn(False, -self.quarters % 4)

    def then(self, other: Turn) -> Turn:
        """Return the turn that does this one and then another."""
        own = -self.quarters if other.mirrored else self.quarters
        return Turn(self.mirrored != other.mirrored, (own + other.quarters) % 4)

    @property
    def matrix(self) -> FloatArray:
        """Turn vectors x, y, with y down, (2, 2); those are columns."""
        mirror = np.diag([-1.0 if self.mirrored else 1.0, 1.0])
        quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
        return np.asarray(np.linalg.matrix_power(quarter, self.quarters) @ mirror)

    def apply(self, values: NDArray[T]) -> NDArray[T]:
        """Turn an image or mask (H, W) or (H, W, C); a view of it."""
        shown = values[:, ::-1] if self.mirrored else values
        return np.rot90(shown, self.quarters)

    def size(self, size: Size) -> Size:
        """Height and width, of an image of `size`, after the turn."""
        return size if self.quarters % 2 == 0 else (size[1], size[0])

    def carry(self, points: FloatArray, size: Size) -> FloatArray:
        """Move points with their image.

        Parameters
        ----------
        points : (K, 2) float64
            x and y in pixels of the image before the turn, the centre of the first at 0.
        size
            Its height and width.
        """
        middle, turned = _middle(size), _middle(self.size(size))
        return np.asarray((points - middle) @ self.matrix.T + turned)

    def carry_back(self, points: FloatArray, size: Size) -> FloatArray:
        """Undo `carry`; `size` is that of the image before the turn."""
        return self.inverse.carry(points, self.size(size))

    def __str__(self) -> str:
        """Say what is done to the image, in words."""
        turned = {
            1: "turned by 90 degrees to the left",
            2: "turned by 180 degrees",
            3: "turned by 90 degrees to the right",
        }
        parts = ["mirrored"] if self.mirrored else []
        if self.quarters:
            parts.append(turned[self.quarters])
        return " and ".join(parts) or "as it is"


AS_IS = Turn()
MIRRORED = Turn(True)


def _middle(size: Size) -> FloatArray:
    return np.array([size[1] - 1, size[0] - 1]) / 2


@dataclass(frozen=True)
class TurnedSource:
    """An `ImageSource` whose image is turned when it is read."""

    source: ImageSource
    turn: Turn

    @property
    def location(self) -> str:
        """Path of the file, or empty."""
        return self.source.location

    @property
    def page(self) -> int:
        """Number of the image within its file, from 0."""
        return self.source.page

    @property
    def shape(self) -> Size:
        """Height and width, turned."""
        return self.turn.size(self.source.shape)

    @property
    def spacing(self) -> Spacing | None:
        """Size of a pixel, turned."""
        spacing = self.source.spacing
        if spacing is None or self.turn.quarters % 2 == 0:
            return spacing
        return Spacing(spacing.column, spacing.row, spacing.unit)

    @property
    def separate(self) -> int:
        """Number of channels that are neither colours nor opacity."""
        return self.source.separate

    def read(self) -> Pixels:
        """Read the pixels and turn them."""
        pixels = self.source.read()
        values = np.ascontiguousarray(self.turn.apply(pixels.values))
        return replace(pixels, values=values)

    def fingerprint(self) -> str:
        """Hash of the content, and the turn."""
        return f"{self.source.fingerprint()}{int(self.turn.mirrored)}{self.turn.quarters}"


def turn_images(collection: ImageCollection, turns: Sequence[Turn]) -> ImageCollection:
    """Turn the images of a set, each in its own way, when they are read."""
    sources = tuple(
        source if turn == AS_IS else TurnedSource(source, turn)
        for source, turn in zip(collection.sources, turns, strict=True)
    )
    return replace(collection, sources=sources, axes=None)

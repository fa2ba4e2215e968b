"""Which axes of a stack in a file count images, and which are channels of one image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Layout:
    """Which axes of a series count images, and which are channels of one image.

    Samples (S), channels (C) and whatever comes after both Y and X belong to one image;
    all other axes (pages, time, depth, positions) count images.
    """

    axes: str
    shape: tuple[int, ...]

    @property
    def image_axes(self) -> list[int]:
        """Positions of the axes that count images."""
        behind = max(self.axes.index("Y"), self.axes.index("X"))
        return [i for i, axis in enumerate(self.axes) if axis not in "YXSC" and i < behind]

    @property
    def channel_axes(self) -> list[int]:
        """Positions of the axes within one image other than Y and X."""
        outer = self.image_axes
        return [
            i for i, axis in enumerate(self.axes) if axis not in "YX" and i not in outer
        ]

    @property
    def channels(self) -> int:
        """Number of channels of one image."""
        return math.prod(self.shape[i] for i in self.channel_axes)

    @property
    def count(self) -> int:
        """Number of images."""
        return math.prod(self.shape[i] for i in self.image_axes)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width as stored."""
        return self.shape[self.axes.index("Y")], self.shape[self.axes.index("X")]


def cut_image(stack: NDArray[Any], layout: Layout, index: int) -> NDArray[Any]:
    """Cut one image, (H, W, C), out of the pixels of a whole series."""
    y, x = layout.axes.index("Y"), layout.axes.index("X")
    ordered: NDArray[Any] = stack.transpose(
        [*layout.image_axes, y, x, *layout.channel_axes]
    )
    images = ordered.reshape((layout.count, *layout.size, -1))
    return np.asarray(images[index])

"""What an image encoder offers, and the map it makes of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, FloatArray, ImageArray

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FeatureMap:
    """Descriptors of one image on a regular grid.

    Attributes
    ----------
    values : (gh, gw, D) float16
        Half precision keeps three digits at half the memory; the networks' own noise is
        larger.
    stride
        Distance of the grid cells in pixels of the encoded image.
    offset
        Centre of the first cell in pixels of the encoded image, where the centre of its
        first pixel is 0.
    size
        Height and width of the encoded image.
    """

    values: NDArray[np.float16]
    stride: float
    offset: float
    size: tuple[int, int]

    def interpolation(self, shape: tuple[int, ...]) -> tuple[Float32Array, Float32Array]:
        """Bilinear weights that bring the grid to another size of the same image.

        Parameters
        ----------
        shape
            Height and width, h and w, wanted.

        Returns
        -------
        down : (h, gh) float32
        across : (w, gw) float32
            Rows sum to 1; ``down @ channel @ across.T`` is the (h, w) channel. Beyond the
            outer cells the map goes on as it is there.
        """
        return self._weights(shape, 0), self._weights(shape, 1)

    def enlarge(self, grid: Float32Array, shape: tuple[int, ...]) -> Float32Array:
        """Interpolate one value per cell, (gh, gw), to height and width `shape`, (h, w)."""
        down, across = self.interpolation(shape)
        return np.asarray(down @ grid @ across.T)

    def centres(self, axis: int) -> FloatArray:
        """Centres of the cells along an axis (0: down), as shares of the image's side."""
        cells = self.offset + self.stride * np.arange(self.values.shape[axis])
        return np.asarray((cells + 0.5) / self.size[axis], dtype=np.float64)

    def sample(self, places: FloatArray, axis: int) -> Float32Array:
        """Bilinear weights (n, cells) at `places` (n,), which are as `centres` has them."""
        cells = self.values.shape[axis]
        pixel = places * self.size[axis] - 0.5
        place = np.clip((pixel - self.offset) / self.stride, 0, cells - 1)
        shares = np.maximum(1 - np.abs(place[:, None] - np.arange(cells)), 0)
        return np.asarray(shares, dtype=np.float32)

    def cell_means(self, values: Float32Array) -> Float32Array:
        """Mean of a map (h, w) of the same image over every cell, (gh, gw).

        A cell is as wide as the cells lie apart; what lies beyond the image does not count.
        """
        down, across = (self._extents(n, axis) for axis, n in enumerate(values.shape))
        return np.asarray(down @ values @ across.T)

    def _extents(self, length: int, axis: int) -> Float32Array:
        """Share of each of `length` pixels in every cell along an axis, (cells, length)."""
        centres = self.centres(axis) * length
        reach = self.stride / self.size[axis] * length / 2
        # Of a cell that lies beyond the image, the pixel nearest to it.
        low = np.clip(centres - reach, 0, length - np.minimum(1, 2 * reach))
        high = np.clip(centres + reach, np.minimum(1, 2 * reach), length)
        pixels = np.arange(length)
        shared = np.minimum(high[:, None], pixels + 1) - np.maximum(low[:, None], pixels)
        shares = np.maximum(shared, 0)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)

    def _weights(self, shape: tuple[int, ...], axis: int) -> Float32Array:
        length = shape[axis]
        return self.sample((np.arange(length) + 0.5) / length, axis)


def average_maps(maps: Sequence[FeatureMap]) -> FeatureMap:
    """Average maps of one image at several sizes, on the grid of the first.

    Parameters
    ----------
    maps
        At least one, all of the same number of channels.
    """
    first, *others = maps
    if not others:
        return first
    rows, columns = (first.centres(axis) for axis in (0, 1))
    total = first.values.astype(np.float32)
    for other in others:
        down, across = other.sample(rows, 0), other.sample(columns, 1)
        values = other.values.astype(np.float32)
        total += np.einsum("yi,ijd,xj->yxd", down, values, across, optimize=True)
    return replace(first, values=(total / len(maps)).astype(np.float16))


class Encoder(Protocol):
    """A network that describes images on a grid."""

    name: str
    fingerprint: str
    """Tells weights apart: results kept under another fingerprint are not used."""
    multiple: int
    """Sides of the images must be multiples of this."""
    batch_size: int
    """Images to give at once. One on the CPU, where more is no faster and the answer
    would depend, in the last digit, on an image's company."""

    @property
    def module(self) -> Any:
        """The network as a torch module, whose parameters can be trained."""
        ...

    @property
    def patch(self) -> int:
        """Side of the patches of a model whose only map is its tokens; 0 for others."""
        ...

    def maps(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """Return all maps (B, D, h, w) of images (B, 3, H, W) float32 in [0, 1]."""
        ...

    def encode(self, images: ImageArray) -> list[FeatureMap]:
        """Describe images of one size.

        Parameters
        ----------
        images : (B, H, W, 3) uint8
            RGB.

        Raises
        ------
        WeightsError
            If the weights cannot be had or used.
        """
        ...

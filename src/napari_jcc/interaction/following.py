r"""Pixels that are similar to the marked ones follow a stroke, in the same image.

A user who crosses out a part of a forest means the forest, not the width of the brush. The
mask is changed as `spreading` changes a map: it is the mean of a Gaussian process over
superpixels, by appearance and position, and the marks are observations of it. Here the
features of a mark are those of the marked pixels, not of whole superpixels: a stroke along
an outline lies on superpixels that are mostly something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.features.appearance import describe_pixels
from napari_jcc.features.pooling import pool_pixels
from napari_jcc.interaction.edit import BACKGROUND, OBJECT, MarkArray
from napari_jcc.interaction.spreading import spread_residual
from napari_jcc.regions import ImageRegions, area_means
from napari_jcc.results.bilateral import ColourGrid

TEXTURE, COLOUR, PLACE = 0.5, 0.5, 2.0
"""Variance, over an image, of the features of texture, colour and position."""
PRIOR_SHARE = np.float32(0.3)
"""Weight of the prior in the map that marks change; the rest is that of the mask."""
CERTAINTY = 20.0
"""Weight of a marked pixel in the smoothing; others have 1."""
SMOOTHNESS = 64.0
"""Strength of the smoothing; the best of 16, 64 and 256."""
LEAST = 1e-3
"""Standard deviation, in units of Lab, below which a feature is only rounding noise."""
_KEPT = 4
"""Appearances that are kept, each of a dozen planes of the working size."""


class Appearance:
    """Features of appearance and position of the pixels of an image.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    regions
        Its superpixels.

    Attributes
    ----------
    labels : (h, w) int
        The superpixel of every pixel.
    superpixels : (S, D) float64
        Means over superpixels, with fixed variances of texture, colour and position.
    grid
        For smoothing values among pixels of similar colour.
    """

    def __init__(self, image: ImageArray, regions: ImageRegions) -> None:
        self.labels = regions.superpixels.label_map
        self.grid = ColourGrid(image)
        height, width = self.labels.shape
        place = np.mgrid[:height, :width].transpose(1, 2, 0).astype(np.float32)
        self._pixels = np.concatenate([describe_pixels(image), place], axis=-1)
        means = pool_pixels(self._pixels, regions.superpixels)
        self._scale = np.sqrt(_precisions(means.var(axis=0)))
        self.superpixels: FloatArray = means * self._scale

    def observe(
        self, at: MaskArray, residual: Float32Array
    ) -> tuple[FloatArray, FloatArray]:
        """Return one observation for every superpixel that has marked pixels.

        Parameters
        ----------
        at : (h, w) bool
            Marked pixels.
        residual : (h, w) float32
            Mark minus the value before, per pixel.

        Returns
        -------
        features : (M, D) float64
            Means over the marked pixels of each superpixel.
        residual : (M,) float64
            Likewise.
        """
        _, part, count = np.unique(self.labels[at], return_inverse=True, return_counts=True)
        columns = [*self._pixels[at].T, residual[at]]
        sums = [np.bincount(part, column, len(count)) for column in columns]
        means = np.stack(sums, axis=1) / count[:, None]
        return means[:, :-1] * self._scale, means[:, -1]


class Appearances:
    """Appearances of the images of a set; those of the images drawn on last are kept."""

    def __init__(
        self, images: Sequence[ImageArray], regions: Sequence[ImageRegions]
    ) -> None:
        self._images, self._regions = images, regions
        self._last: tuple[tuple[int, Appearance], ...] = ()

    def of(self, place: int, *, keep: bool) -> Appearance:
        """Return the appearance of an image; `keep` it in place of the oldest one kept."""
        last = self._last  # one read, as several threads may call this
        found = next((own for own in last if own[0] == place), None)
        if found is None:
            found = place, Appearance(self._images[place], self._regions[place])
        if keep:
            self._last = (found, *(own for own in last if own[0] != place))[:_KEPT]
        return found[1]


def follow_marks(
    mask: MaskArray,
    prior: Float32Array,
    drawn_on: MaskArray,
    marks: MarkArray,
    appearance: Appearance,
) -> MaskArray:
    """Change a mask where superpixels are similar to marked ones.

    The result is smoothed among pixels of similar colour, with larger weights on the marked
    ones.

    Parameters
    ----------
    mask : (h, w) bool
        The mask to change.
    prior : (h, w) float32
        Probability of object, in [0, 1].
    drawn_on : (H, W) bool
        The mask that was shown when the marks were drawn.
    marks : (h, w) uint8
        As in `Guidance`.
    appearance
        Of the image.

    Returns
    -------
    (h, w) bool
    """
    share = area_means(drawn_on, marks.shape)
    seen = [
        appearance.observe(marks == OBJECT, 1 - share),
        appearance.observe(marks == BACKGROUND, -share),
    ]
    points, residual = (np.concatenate(part) for part in zip(*seen, strict=True))
    moved = spread_residual(appearance.superpixels, points, residual)
    values = (
        mask + PRIOR_SHARE * (prior - mask) + moved.astype(np.float32)[appearance.labels]
    )
    values = np.clip(values, 0, 1)
    values[marks == OBJECT], values[marks == BACKGROUND] = 1, 0
    confidence = np.where(marks > 0, np.float32(CERTAINTY), np.float32(1))
    return np.asarray(appearance.grid.smooth(values, confidence, SMOOTHNESS) > 0.5)


def _precisions(variance: FloatArray) -> FloatArray:
    """Weights (D,) of squared differences of features, from their variances (D,).

    The features are those of `describe_pixels`, of which the first three are the colour and
    the others have different units, and the two of the position.
    """
    texture, colour, place = slice(0, -2), slice(0, 3), slice(-2, None)
    varies = variance > LEAST**2
    precisions = np.zeros(len(variance))
    precisions[texture] = varies[texture] / np.maximum(variance[texture], LEAST**2)
    precisions[texture] *= TEXTURE / max(int(varies[texture].sum()), 1)
    for part, weight in ((colour, COLOUR), (place, PLACE)):
        precisions[part] += weight / max(float(variance[part].sum()), LEAST**2)
    return precisions

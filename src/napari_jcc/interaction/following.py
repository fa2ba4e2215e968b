r"""A stroke also decides what looks like the marked pixels in its own image.

A user who crosses out a forest means the forest, not the width of the brush. So the mask
is moved as `spreading` moves a map: it is the mean of a Gaussian process over superpixels,
by what they look like and where they are, and the marks are what was observed of it. Here a
mark is the pixels drawn on, as a stroke along a rim lies on superpixels that are mostly
something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.features.looks import describe_pixels
from napari_jcc.features.pooling import pool_pixels
from napari_jcc.interaction.edit import BACKGROUND, OBJECT, MarkArray
from napari_jcc.interaction.spreading import spread_surprise
from napari_jcc.regions import ImageRegions, area_means
from napari_jcc.results.bilateral import ColourGrid

TEXTURE, COLOUR, PLACE = 0.5, 0.5, 2.0
"""Variance over an image of what superpixels are compared by."""
DOUBT = np.float32(0.3)
"""Share of the prior in what marks move; the rest is the mask's."""
CERTAINTY = 20.0
"""How many times a marked pixel counts where values are smoothed."""
SMOOTHNESS = 64.0
"""Strength of smoothing, less than where masks are cut; of 16, 64 and 256 the best."""
LEAST = 1e-3
"""Standard deviation, in units of Lab, below which a plane only shows rounding."""
_KEPT = 4
"""Appearances, each of a dozen planes of the size that an image is worked on at."""


class Appearance:
    """What the pixels of an image look like, and where they are.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    regions
        Its pieces.

    Attributes
    ----------
    labels : (h, w) int
        The superpixel of every pixel.
    superpixels : (S, D) float64
        Means over superpixels; of a variance that is fixed for texture, colour and place.
    grid
        Which pixels share their values.
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
        self, at: MaskArray, surprise: Float32Array
    ) -> tuple[FloatArray, FloatArray]:
        """Return what was observed in the parts of superpixels that were drawn on.

        Parameters
        ----------
        at : (h, w) bool
            Pixels drawn on.
        surprise : (h, w) float32
            What they were marked as, less what was thought of them.

        Returns
        -------
        features : (M, D) float64
            Means over the marked pixels of each superpixel that has some.
        surprise : (M,) float64
            Likewise.
        """
        _, part, count = np.unique(self.labels[at], return_inverse=True, return_counts=True)
        columns = [*self._pixels[at].T, surprise[at]]
        sums = [np.bincount(part, column, len(count)) for column in columns]
        means = np.stack(sums, axis=1) / count[:, None]
        return means[:, :-1] * self._scale, means[:, -1]


class Appearances:
    """Those of a set's images; of images drawn on last they are kept for more strokes."""

    def __init__(
        self, images: Sequence[ImageArray], regions: Sequence[ImageRegions]
    ) -> None:
        self._images, self._regions = images, regions
        self._last: tuple[tuple[int, Appearance], ...] = ()

    def of(self, place: int, *, keep: bool) -> Appearance:
        """Return what an image looks like, to be kept in place of the oldest one or not."""
        last = self._last  # two threads may ask
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
    """Move a mask where superpixels look like marked ones.

    What that makes of superpixels is smoothed among pixels of like colour, of which the
    marked ones count more than others.

    Parameters
    ----------
    mask : (h, w) bool
        The mask to be moved.
    prior : (h, w) float32
        What was thought before, in [0, 1], which is doubtful where the mask is not.
    drawn_on : (H, W) bool
        The mask that the marks were drawn on, which has wrong what they contradict.
    marks : (h, w) uint8
        As of `Guidance`.
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
    points, surprise = (np.concatenate(part) for part in zip(*seen, strict=True))
    moved = spread_surprise(appearance.superpixels, points, surprise)
    values = mask + DOUBT * (prior - mask) + moved.astype(np.float32)[appearance.labels]
    values = np.clip(values, 0, 1)
    values[marks == OBJECT], values[marks == BACKGROUND] = 1, 0
    confidence = np.where(marks > 0, np.float32(CERTAINTY), np.float32(1))
    return np.asarray(appearance.grid.smooth(values, confidence, SMOOTHNESS) > 0.5)


def _precisions(variance: FloatArray) -> FloatArray:
    """Weights of squared differences, by the variance over superpixels, (D,) both.

    Of what `describe_pixels` returns, whose first three planes are the colour and whose
    others have units of their own, and of the two of the place.
    """
    texture, colour, place = slice(0, -2), slice(0, 3), slice(-2, None)
    varies = variance > LEAST**2
    precisions = np.zeros(len(variance))
    precisions[texture] = varies[texture] / np.maximum(variance[texture], LEAST**2)
    precisions[texture] *= TEXTURE / max(int(varies[texture].sum()), 1)
    for part, weight in ((colour, COLOUR), (place, PLACE)):
        precisions[part] += weight / max(float(variance[part].sum()), LEAST**2)
    return precisions

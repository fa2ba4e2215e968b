"""Matched pairs as pictures: two images side by side, and one drawn in another's place."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import dask.array as da
import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.plugin.lazy_stack import lazy_stack
from napari_jcc.plugin.matching.matches import Matched

GAP = 0.02
"""Room between two images side by side, as share of their widths."""
KEPT_IMAGES = 8


class SideBySide(NamedTuple):
    """A pair of images beside each other, and the lines between their points.

    Attributes
    ----------
    picture : (H, W, 4) uint8
        RGBA; source at the left, target at the right, transparent elsewhere.
    lines : (K, 2, 2) float64
        Row and column where a line begins in the source, and its way to the target.
    confidence : (K,) float64
        In [0, 1].
    sources, targets : (K, 2) float64
        x and y in pixels of the two images.
    """

    picture: NDArray[np.uint8]
    lines: FloatArray
    confidence: FloatArray
    sources: FloatArray
    targets: FloatArray


def draw_side_by_side(matched: Matched, row: int, most: int) -> SideBySide:
    """Draw a pair and at most `most` of its lines, spread evenly over the target."""
    pair, points = matched.result.pairs[row], matched.points[row]
    collection = matched.source.collection
    left, right = collection.image(pair.source), collection.image(pair.target)
    width = left.shape[1] + right.shape[1]
    start = left.shape[1] + max(1, round(GAP * width))
    rows = max(left.shape[0], right.shape[0])
    picture = np.zeros((rows, start + right.shape[1], 4), np.uint8)
    for image, column in ((left, 0), (right, start)):
        place = slice(image.shape[0]), slice(column, column + image.shape[1])
        picture[(*place, slice(3))] = image
        picture[(*place, 3)] = 255
    # Later lines are drawn over earlier ones: the surest come last.
    chosen = _spread(len(points.confidence), most)
    chosen = chosen[np.argsort(points.confidence[chosen], kind="stable")]
    begins, ends = points.sources[chosen], points.targets[chosen]
    ways = ends + np.array([start, 0]) - begins
    lines = np.stack([begins[:, ::-1], ways[:, ::-1]], axis=1)
    return SideBySide(picture, lines, points.confidence[chosen], begins, ends)


def draw_pair(matched: Matched, row: int, most: int) -> tuple[SideBySide, da.Array]:
    """Draw a pair as `draw_side_by_side`, and begin a `warped_stack` with its target."""
    warped = warped_stack(matched, row)
    placement, target = matched.source.placement, matched.result.pairs[row].target
    warped[placement.index_of(placement.slots[target])].compute()
    return draw_side_by_side(matched, row, most), warped


def warped_stack(matched: Matched, row: int) -> da.Array:
    """Every image's partner drawn in its place, as lazy RGBA data (*leading, H, W, 4).

    The partner of every image is the template, or the one other image; that of the
    template is the source of the pair in `row`. Where there is no partner, or it does not
    reach, the data are transparent. A slice is drawn when it is looked at.
    """
    placement = matched.source.placement
    partners = {pair.source: pair.target for pair in matched.result.pairs}
    chosen = matched.result.pairs[row]
    partners[chosen.target] = chosen.source
    read = lru_cache(KEPT_IMAGES)(matched.source.collection.image)

    @lru_cache(2)
    def draw(place: int) -> NDArray[np.uint8] | None:
        partner = partners.get(place)
        if partner is None:
            return None
        size = matched.source.collection.shape(place)
        return draw_warped(read(partner), matched.ways[partner, place], size)

    return lazy_stack(draw, placement, np.uint8, (4,))


def draw_warped(
    image: ImageArray, way: Float32Array, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draw an image in the place of another.

    Parameters
    ----------
    image : (H, W, 3) uint8
        The image.
    way
        From `sample_way`: where in `image` a grid over the other one lies.
    size
        Height and width of the other.

    Returns
    -------
    warped : (*size, 4) uint8
        RGBA; transparent where `image` does not reach.
    """
    rows, columns = way.shape[:2]
    y = np.linspace(0, rows - 1, size[0], dtype=np.float32)
    x = np.linspace(0, columns - 1, size[1], dtype=np.float32)
    grid_x, grid_y = np.meshgrid(x, y)
    # Two planes: read as one picture of two channels, OpenCV 5 mistakes them.
    at_x, at_y = (
        cv2.remap(np.ascontiguousarray(plane), grid_x, grid_y, cv2.INTER_LINEAR)
        for plane in np.moveaxis(way, 2, 0)
    )
    opaque = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    drawn = cv2.remap(opaque, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(drawn, np.uint8)


def mask_labels(matched: Matched) -> NDArray[np.uint8] | None:
    """Masks of all images as the data of a Labels layer; None if there are none."""
    masks, placement = matched.result.masks, matched.source.placement
    if masks is None:
        return None
    stack = np.zeros((placement.slices, *placement.canvas), np.uint8)
    for slot, mask in zip(placement.slots, masks, strict=True):
        stack[slot, : mask.shape[0], : mask.shape[1]] = mask
    return stack.reshape(placement.shape)


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """Choose at most `most` of `count` places, evenly spread but for a little disorder."""
    if count <= most:
        return np.arange(count)
    # Steps of the golden ratio fall on no row or column of a grid again and again.
    order = np.argsort(np.arange(count) * (np.sqrt(5) - 1) / 2 % 1, kind="stable")
    return np.sort(order[:most]).astype(np.int64)

"""From drawn pixels and boxes to labels of an image's superpixels and boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from napari_jcc._types import Float32Array, FloatArray, IntArray
from napari_jcc.interaction.edit import BACKGROUND, OBJECT, MarkArray
from napari_jcc.interaction.spreading import Marked
from napari_jcc.problem.fixings import Fixings
from napari_jcc.regions import ImageRegions, area_means, box_iou
from napari_jcc.regions.boxes import box_excess
from napari_jcc.regions.overlap import pixel_bounds, superpixels_inside

LEAST_SHARE = 0.1
"""Share of a superpixel that must be marked for the marks to count."""
DECISIVE = 3.0
"""A superpixel with marks of both kinds is decided by the kind that covers this many times
as much as the other; else it stays free. Marked pixels override the mask in any case."""


@dataclass(frozen=True)
class Guidance:
    """The edits of one image as labels of its superpixels, at working size.

    Attributes
    ----------
    marks : (h, w) uint8
        At working size.
    object, background : (F,), (B,) int64
        Superpixels that the edits label as object, and as background.
    drawn : (S,) float64
        Share of every superpixel that was marked; 1 if the image has no object.
    box : (4,) float64 or None
        The fixed box, ``xyxy`` in working pixels; NaN: the image has none.
    """

    marks: MarkArray
    object: IntArray
    background: IntArray
    drawn: FloatArray
    box: FloatArray | None = None

    @property
    def decided(self) -> Marked:
        """The labelled superpixels."""
        superpixels = np.concatenate([self.object, self.background])
        kinds = np.repeat([1.0, 0.0], [len(self.object), len(self.background)])
        return Marked(superpixels, kinds, self.drawn[superpixels])

    @property
    def empty(self) -> bool:
        """Whether there are no edits."""
        return self.box is None and not self.marks.any()

    @property
    def no_object(self) -> bool:
        """Whether the user marked the image as showing no object."""
        return self.box is not None and bool(np.isnan(self.box).any())


def read_guidance(
    regions: ImageRegions, marks: MarkArray, box: FloatArray | None
) -> Guidance:
    """Convert the edits of an image to labels of its superpixels.

    Parameters
    ----------
    regions
        Superpixels and boxes of the image.
    marks : (H, W) uint8
        At full size.
    box : (4,) float64 or None
        ``xyxy`` in pixels of the full size; NaN: no object.
    """
    labels = regions.superpixels.label_map
    small = reduce_marks(marks, (labels.shape[0], labels.shape[1]))
    shares = [regions.superpixels.pool(small == kind) for kind in (OBJECT, BACKGROUND)]
    sides = [
        (own >= LEAST_SHARE) & (own >= DECISIVE * other)
        for own, other in (shares, shares[::-1])
    ]
    inside, outside = sides
    drawn = shares[0] + shares[1]
    if box is not None:
        factor = np.tile(np.array(labels.shape[::-1]) / np.array(marks.shape[::-1]), 2)
        box = box * factor
        if np.isnan(box).any():
            outside, drawn = ~inside, np.ones_like(drawn)
    return Guidance(small, np.flatnonzero(inside), np.flatnonzero(outside), drawn, box)


def reduce_marks(marks: MarkArray, shape: tuple[int, int]) -> MarkArray:
    """Reduce marks to working size; pixels covered by at least a quarter stay marked."""
    if marks.shape == shape:
        return marks
    if not marks.any():
        return np.zeros(shape, np.uint8)
    object_share, background_share = (
        area_means(marks == kind, shape) for kind in (OBJECT, BACKGROUND)
    )
    small = np.where(object_share >= background_share, OBJECT, BACKGROUND)
    marked = np.maximum(object_share, background_share) >= 0.25
    return np.where(marked, small, 0).astype(np.uint8)


def hold_marks(regions: ImageRegions, guidance: Guidance) -> tuple[ImageRegions, int]:
    """Make sure that a candidate box contains the marks, or is the fixed box.

    If none does, the candidate with the largest overlap is moved: its features are the
    closest, and the size of the program does not change. Boxes of images with several
    objects are not moved; see `local_fixings`.

    Returns
    -------
    regions
        With the box moved, if one had to be.
    chosen
        The candidate that is fixed; -1 where none is.
    """
    if guidance.no_object or not len(regions.boxes) or regions.objects > 1:
        return regions, -1
    held = regions.overlap[:, guidance.object].sum(axis=1)
    if guidance.box is None and (
        not len(guidance.object) or held.max() == len(guidance.object)
    ):
        return regions, -1
    wanted = _wanted_box(regions, guidance)
    place = int(box_iou(wanted, regions.boxes).argmax())
    moved = _move_box(regions, place, wanted, guidance.object)
    return moved, place if guidance.box is not None else -1


def local_fixings(guidance: Guidance, chosen: int, objects: int) -> Fixings:
    """Return the fixings of an image by its edits, numbered within the image.

    Empty with several objects: boxes that miss the marks could not be excluded, as the
    number of boxes is given. Marks are then learned from, and override the mask.
    """
    if objects > 1:
        return Fixings()
    return Fixings(
        guidance.object.tolist(),
        guidance.background.tolist(),
        chosen=[chosen] if chosen >= 0 else [],
    )


def _wanted_box(regions: ImageRegions, guidance: Guidance) -> Float32Array:
    """Return the fixed box, or the best candidate enlarged to contain the marks."""
    if guidance.box is not None:
        return guidance.box.astype(np.float32)
    rows, columns = np.nonzero(np.isin(regions.superpixels.label_map, guidance.object))
    around = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    # The object extends beyond the marks, so start from the box with most of them.
    held = regions.overlap[:, guidance.object].sum(axis=1)
    best = regions.boxes[int(np.argmax(held + regions.box_merit / 4))]
    low = np.minimum(around[:2], best[:2])
    return np.concatenate([low, np.maximum(around[2:], best[2:])]).astype(np.float32)


def _move_box(
    regions: ImageRegions, place: int, box: Float32Array, marked: IntArray
) -> ImageRegions:
    shape = regions.saliency_map.shape
    boxes = regions.boxes.copy()
    boxes[place] = box
    inside = superpixels_inside(regions.superpixels, box)
    inside[marked] = True
    if not inside.any():
        centre = (box[:2] + box[2:]) / 2
        distance = np.abs(regions.superpixels.centre - centre).sum(axis=1)
        inside[int(distance.argmin())] = True
    overlap = regions.overlap.toarray().astype(np.bool_)
    overlap[place] = inside
    merit = regions.box_merit.copy()
    merit[place] = box_excess(pixel_bounds(box[None], shape), regions.saliency_map)[0]
    return replace(regions, boxes=boxes, box_merit=merit, overlap=sparse.csr_array(overlap))

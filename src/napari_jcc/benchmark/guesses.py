"""Answers that look at nothing but the size of the image, and masks of the prior alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_jcc._types import Float32Array, ImageArray, MaskArray
from napari_jcc.regions import largest_piece
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import Cut
from napari_jcc.results.decode import enlarge_mask
from napari_jcc.results.result import NO_BOX
from napari_jcc.results.smooth import smooth_twice, split_by_otsu, split_smoothed

SALIENT_SHARE = 0.4
"""Share of the pixels that the baseline B2 of arXiv 1705.06000 takes for object."""
CENTRE_SIDE = 0.5**0.5
"""Sides of the centre box: half the image's area in its middle."""

Shape = tuple[int, int]
Answer = tuple[MaskArray, Float32Array]
"""Mask (H, W) and box (4,) ``xyxy``, half-open, in the image's own pixels."""


def guess_background(shape: Shape) -> Answer:
    """Find nothing."""
    return np.zeros(shape, dtype=np.bool_), NO_BOX


def guess_foreground(shape: Shape) -> Answer:
    """Take everything for object."""
    return fill_box(np.array([0, 0, shape[1], shape[0]], np.float32), shape)


def guess_centre(shape: Shape) -> Answer:
    """Fill a box in the middle with half the image's area."""
    height, width = shape
    x, y = width * (1 - CENTRE_SIDE) / 2, height * (1 - CENTRE_SIDE) / 2
    return fill_box(np.array([x, y, width - x, height - y], np.float32), shape)


def fill_box(box: Float32Array, shape: Shape) -> Answer:
    """Take all pixels whose middle is in the box for object."""
    rows, columns = (np.arange(side) + 0.5 for side in shape)
    inside_rows = (rows >= box[1]) & (rows < box[3])
    return np.outer(inside_rows, (columns >= box[0]) & (columns < box[2])), box


def keep(found: ImageResult, image: ImageArray, cut: Cut) -> ImageResult:
    """Answer as the run decided."""
    return found


def threshold_prior(found: ImageResult, image: ImageArray, cut: Cut) -> ImageResult:
    """Prior above its own Otsu threshold; an even prior says nothing, hence no object."""
    prior = found.saliency_map
    even = prior.min() == prior.max()
    return _with_mask(found, np.zeros_like(prior, bool) if even else split_by_otsu(prior))


def most_salient(found: ImageResult, image: ImageArray, cut: Cut) -> ImageResult:
    """Take the two fifths of the pixels with the highest prior: baseline B2."""
    prior = found.saliency_map
    return _with_mask(found, prior > np.quantile(prior, 1 - SALIENT_SHARE))


def smooth_prior(found: ImageResult, image: ImageArray, cut: Cut) -> ImageResult:
    """Prior smoothed, and cut as the joint program's masks are."""
    smoothed = smooth_twice(image, found.saliency_map)
    return _with_mask(found, split_smoothed(smoothed, cut))


def mask_box(found: ImageResult, image: ImageArray, cut: Cut) -> ImageResult:
    """Masks as the run decided, each with the box of its largest piece."""
    return replace(found, box=_box(found.mask))


def best_box(found: ImageResult, image: ImageArray, cut: Cut) -> ImageResult:
    """Only boxes are answered: the candidate of the highest score, and it filled."""
    if not len(found.candidate_scores):
        return found
    best = int(np.argmax(found.candidate_scores))
    mask, box = fill_box(found.candidate_boxes[best], found.mask.shape)
    return replace(found, mask=mask, box=box, box_score=float(found.candidate_scores[best]))


def _with_mask(found: ImageResult, mask: MaskArray) -> ImageResult:
    """Replace the mask by one of working size, and the box by that of its largest piece."""
    own = enlarge_mask(np.asarray(mask, dtype=np.bool_), found.mask.shape)
    return replace(found, mask=own, box=_box(own), box_score=0.0, warning="")


def _box(mask: MaskArray) -> Float32Array:
    return largest_piece(mask) if mask.any() else NO_BOX

"""The answer for one image that was drawn on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.config import DecodeConfig
from napari_jcc.interaction.edits import BACKGROUND, OBJECT, MarkArray
from napari_jcc.interaction.following import Appearance, follow_marks
from napari_jcc.interaction.guidance import Guidance
from napari_jcc.interaction.overlay import lay_over_mask
from napari_jcc.regions import ImageRegions, mask_extent
from napari_jcc.regions.overlap import pixel_bounds
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import OWN_CUT, Cut
from napari_jcc.results.decode import decode_image, enlarge_mask, find_box
from napari_jcc.results.refine import SMALLEST_PART, trust

ITERATIONS = 1
"""Rounds of GrabCut; it takes most of an answer's time, and seeds settle the outline."""
REACH = 0.02
"""How far GrabCut may move the outline of a mask that was taught, as a share of the image's
longer side. Its colour models know one image; what was learned from the set knows more."""
MODELLED = 6000
"""Pixels from which colours are clustered, on a grid over those that GrabCut looks at."""
MARGIN = 0.25
"""Surroundings of the mask that GrabCut looks at, as a share of the mask's extent."""


@dataclass(frozen=True)
class DrawnOn:
    """What marks were drawn on.

    Attributes
    ----------
    masks
        Of the image, each (H, W) bool.
    appearance
        What its pixels look like.
    """

    masks: tuple[MaskArray, ...]
    appearance: Appearance


def decode_guided(
    name: str,
    image: ImageArray,
    shape: tuple[int, int],
    regions: ImageRegions,
    values: tuple[FloatArray, FloatArray],
    guidance: Guidance,
    config: DecodeConfig,
    taught: bool = False,
    cut: Cut = OWN_CUT,
    rating: Float32Array | None = None,
    drawn_on: DrawnOn | None = None,
) -> ImageResult:
    """Decide mask and box of an image with edits, which the mask follows further.

    Where the settings refine the mask by GrabCut, a stroke settles what looks like it, and
    is a seed. Where the prior was taught, GrabCut only redraws the outline.

    Parameters
    ----------
    name, image, shape, regions, config, cut, rating
        As for `decode_image`.
    values
        y (S,) and z (R,) of the image under the edits.
    guidance
        What the edits say.
    taught
        Whether the prior was learned from corrected images.
    drawn_on
        What the marks were drawn on; without, the mask does not move by looks.
    """
    y = tame_marked(values[0], guidance)
    by_grabcut = config.refinement == "grabcut"
    if guidance.empty and not (taught and by_grabcut):
        return decode_image(name, image, shape, regions, y, values[1], config, cut, rating)
    # Refined and boxed below, with the marks.
    unrefined = {"refinement": "none"} if by_grabcut else {}
    plain = config.model_copy(update={"box": "scores", **unrefined})
    found = decode_image(name, image, shape, regions, y, values[1], plain, cut, rating)
    if guidance.no_object:
        nowhere = np.full(4, np.nan, np.float32)
        return replace(found, mask=np.zeros(shape, np.bool_), box=nowhere, box_score=0.0)
    working = image.shape[0], image.shape[1]
    mask = enlarge_mask(found.mask, working)
    if drawn_on is not None and guidance.marks.any():
        mask = follow_marks(mask, drawn_on.masks, guidance.marks, drawn_on.appearance)
    mask = lay_over_mask(mask, guidance.marks)
    if by_grabcut:
        seeds = _hold_inner(mask, guidance.marks) if taught else guidance.marks
        mask = refine_marked(image, mask, seeds, config.seed)
    if guidance.box is not None:
        mask = mask & _inside(guidance.box, working)
    mask = enlarge_mask(np.asarray(mask), shape)
    candidates = found.candidate_boxes, found.candidate_scores
    box, score = find_box(mask, *candidates, config.box)
    return replace(found, mask=mask, box=box, box_score=score)


def tame_marked(y: FloatArray, guidance: Guidance) -> FloatArray:
    """Bring marked superpixels to the scale of the others.

    The scale of y is set by the constraints, not by the evidence, so that a superpixel
    fixed at 1 would put the threshold of its image above all others.
    """
    tamed = y.copy()
    free = np.ones(len(y), np.bool_)
    free[guidance.object] = free[guidance.background] = False
    top = float(y[free].max(initial=0.0))
    tamed[guidance.object] = top if top > 0 else 1.0
    tamed[guidance.background] = 0.0
    return tamed


def refine_marked(
    image: ImageArray, mask: MaskArray, marks: MarkArray, seed: int
) -> MaskArray:
    """Refine a mask as `refine_mask` does, but round it alone and with marks as seeds.

    Parameters
    ----------
    image, mask, seed
        As for `refine_mask`; an empty mask stays.
    marks : (h, w) uint8
        Certain object and certain rest.
    """
    if not mask.any():
        return mask
    around = _surroundings(mask)
    own = mask[around]
    inside = int(own.sum())
    if min(inside, own.size - inside) < SMALLEST_PART:
        return mask
    labels = np.where(own, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[marks[around] == OBJECT] = cv2.GC_FGD
    labels[marks[around] == BACKGROUND] = cv2.GC_BGD
    part = np.ascontiguousarray(image[around])
    models = _model_colours(part, labels, seed)
    cv2.grabCut(part, labels, (0, 0, 0, 0), *models, ITERATIONS, cv2.GC_EVAL)
    refined = np.zeros_like(mask)
    refined[around] = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
    return trust(mask, refined)


def _model_colours(
    image: ImageArray, labels: MarkArray, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return first colour models of the rest and the object, (1, 65) each.

    GrabCut clusters colours for them, which takes a third to half of its time with all
    pixels, and models all pixels anew in its own rounds.
    """
    step = max(1, round((labels.size / MODELLED) ** 0.5))
    object_ = (labels[::step, ::step] & 1) == 1
    if min(int(object_.sum()), int((~object_).sum())) < SMALLEST_PART:
        step = 1
    sample = np.ascontiguousarray(image[::step, ::step])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    # The generator is per thread, so it is seeded where it is used.
    cv2.setRNGSeed(seed)
    known = np.ascontiguousarray(labels[::step, ::step])
    cv2.grabCut(sample, known, (0, 0, 0, 0), *models, 0, cv2.GC_INIT_WITH_MASK)
    return models


def _hold_inner(mask: MaskArray, marks: MarkArray) -> MarkArray:
    """Return the marks, and as marked all that is far from the outline of the mask."""
    radius = max(1, round(REACH * max(mask.shape)))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    values = mask.astype(np.uint8)
    inner, outer = cv2.erode(values, disk) > 0, cv2.dilate(values, disk) == 0
    held = np.where(inner, OBJECT, np.where(outer, BACKGROUND, 0))
    return np.where(marks > 0, marks, held).astype(np.uint8)


def _surroundings(mask: MaskArray) -> tuple[slice, slice]:
    """Rows and columns of a mask that is not empty, and a margin around."""
    spans = []
    for length, own in zip(mask.shape, mask_extent(mask), strict=True):
        margin = round(MARGIN * (own.stop - own.start)) + 1
        spans.append(slice(max(0, own.start - margin), min(length, own.stop + margin)))
    return spans[0], spans[1]


def _inside(box: FloatArray, shape: tuple[int, int]) -> MaskArray:
    x_min, y_min, x_max, y_max = pixel_bounds(box, shape)
    inside = np.zeros(shape, np.bool_)
    inside[y_min:y_max, x_min:x_max] = True
    return inside

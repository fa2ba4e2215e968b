"""GrabCut redraws an outline at pixel level, and is not trusted blindly."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.config import DecodeConfig
from napari_jcc.regions import mask_extent

SMALLEST_PART = 32
"""Pixels that object and rest must each have for colour models to mean something."""
MODELLED = 6000
"""Pixels from which colours are clustered, on a grid over those that GrabCut looks at."""
MARGIN = 0.25
"""Surroundings of the mask that GrabCut looks at, as a share of the mask's extent."""
_CERTAIN = np.uint8(cv2.GC_BGD), np.uint8(cv2.GC_FGD)


def refine_mask(
    image: ImageArray,
    mask: MaskArray,
    config: DecodeConfig,
    certain: tuple[MaskArray, MaskArray] | None = None,
) -> MaskArray:
    """Refine a mask by GrabCut (Rother et al. 2004), as arXiv 1705.06000 does.

    Its colour models know one image alone, and the mask the whole set. So pixels further
    from the outline than `config.reach` stay what they are; with a reach of 1, as in the
    paper, none do.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB.
    mask : (h, w) bool
        Superpixels decided as object: probable object; the rest is probable rest.
    config
        Reach, rounds of colour models and graph cut, and the start of the random numbers
        of the colour models.
    certain : two (h, w) bool, optional
        Pixels that are rest, and that are object, whatever the outline.

    Returns
    -------
    (h, w) bool
        The refined mask without pieces that `mask` does not touch, or `mask` as it is
        where the refined one cannot be trusted: either part is too small to model, or
        GrabCut answers with another region (IoU below .5).
    """
    if not mask.any():
        return mask
    around = _surroundings(mask) if config.reach < 1 else (slice(None), slice(None))
    own = mask[around]
    inside = int(own.sum())
    if min(inside, own.size - inside) < SMALLEST_PART:
        return mask
    labels = _label(own, config.reach * max(mask.shape))
    if certain is not None:
        for where, value in zip(certain, _CERTAIN, strict=True):
            labels[where[around]] = value
    part = np.ascontiguousarray(image[around])
    models = _model_colours(part, labels, config.seed)
    no_box = (0, 0, 0, 0)
    cv2.grabCut(part, labels, no_box, *models, config.iterations, cv2.GC_EVAL)
    refined = np.zeros_like(mask)
    refined[around] = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
    return _trust(mask, refined)


def _label(mask: MaskArray, reach: float) -> NDArray[np.uint8]:
    """Probable object and rest, and certain ones further than `reach` from the outline."""
    labels = np.where(mask, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    for inside, value in zip((~mask, mask), _CERTAIN, strict=True):
        depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
        labels[depth > reach] = value
    return labels


def _model_colours(
    image: ImageArray, labels: NDArray[np.uint8], seed: int
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


def _surroundings(mask: MaskArray) -> tuple[slice, slice]:
    """Rows and columns of a mask that is not empty, and a margin around."""
    spans = []
    for length, own in zip(mask.shape, mask_extent(mask), strict=True):
        margin = round(MARGIN * (own.stop - own.start)) + 1
        spans.append(slice(max(0, own.start - margin), min(length, own.stop + margin)))
    return spans[0], spans[1]


def _trust(mask: MaskArray, refined: MaskArray) -> MaskArray:
    """Return the pieces of `refined` that meet `mask`; `mask` if they are another region.

    The colour models know no place, so specks of the object's colours light up anywhere.
    """
    pieces = cv2.connectedComponents(refined.astype(np.uint8), connectivity=8)[1]
    met = np.bincount(pieces[mask], minlength=int(pieces.max()) + 1) > 0
    met[0] = False
    kept = np.asarray(met[pieces])
    return kept if int((kept & mask).sum()) >= 0.5 * int((kept | mask).sum()) else mask

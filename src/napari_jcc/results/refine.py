"""GrabCut redraws an outline at pixel level, and is not trusted blindly."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import ImageArray, MaskArray

SMALLEST_PART = 32
"""Pixels that object and rest must each have for colour models to mean something."""


def refine_mask(
    image: ImageArray, mask: MaskArray, iterations: int, seed: int
) -> MaskArray:
    """Refine a mask by GrabCut (Rother et al. 2004), as arXiv 1705.06000 does.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB.
    mask : (h, w) bool
        Superpixels decided as object: probable object; the rest is probable rest.
    iterations
        Rounds of colour models and graph cut.
    seed
        Start of the random numbers of the colour models.

    Returns
    -------
    (h, w) bool
        The refined mask without pieces that `mask` does not touch, or `mask` as it is
        where the refined one cannot be trusted: either part is too small to model, or
        GrabCut answers with another region (IoU below .5).
    """
    foreground = int(mask.sum())
    if min(foreground, mask.size - foreground) < SMALLEST_PART:
        return mask
    labels = np.where(mask, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    # The generator is per thread, so it is seeded where it is used.
    cv2.setRNGSeed(seed)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    no_box = (0, 0, 0, 0)
    cv2.grabCut(image, labels, no_box, *models, iterations, cv2.GC_INIT_WITH_MASK)
    return trust(mask, (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD))


def trust(mask: MaskArray, refined: MaskArray) -> MaskArray:
    """Return the pieces of `refined` that meet `mask`; `mask` if they are another region.

    The colour models know no place, so specks of the object's colours light up anywhere.

    Parameters
    ----------
    mask, refined : (h, w) bool
        Before and after GrabCut; `mask` is not empty.
    """
    pieces = cv2.connectedComponents(refined.astype(np.uint8), connectivity=8)[1]
    met = np.bincount(pieces[mask], minlength=int(pieces.max()) + 1) > 0
    met[0] = False
    kept = np.asarray(met[pieces])
    return kept if int((kept & mask).sum()) >= 0.5 * int((kept | mask).sum()) else mask

r"""Which of several masks of an image is most like the masks of the other images.

Where a map is cut decides whether the road belongs to the car. A mask is described by what
lies in it, along both sides of its outline and outside. A ridge regression on the masks of
all images, of how much each overlaps the one that its image has so far, tells in what a
mask too large or too small differs from the others. No image is rated by what was learned
from itself. The masks rated best are the targets of the next round.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, MaskArray
from napari_jcc.features import FeatureMap
from napari_jcc.priors.folds import predict_by_others

DIMENSIONS = 48
BAND = 0.03
"""Width of the strips along the outline, as a share of the longer side."""
ROUNDS = 3
OWN_MASK = 0.3
"""Weight of the overlap with the image's first mask; the prediction from other images
has 1."""


def describe_masks(found: FeatureMap, masks: MaskArray) -> Float32Array:
    """Means over masks, the strips inside and outside of their outlines, and the rest.

    Parameters
    ----------
    found
        Descriptors of the image's cells, of length K.
    masks : (n, h, w) bool
        Of the same image, at any size.

    Returns
    -------
    (n, 4 K) float32
        Zeros for a part that is empty.
    """
    down, across = found.interpolation(masks.shape[1:])
    radius = max(1, round(BAND * max(masks.shape[1:])))
    square = np.ones((2 * radius + 1,) * 2, np.uint8)

    def shares(mask: np.ndarray) -> Float32Array:
        """How much of a mask (h, w) lies in every cell."""
        return np.asarray((down.T @ mask.astype(np.float32) @ across).ravel())

    cells = found.values.reshape(-1, found.values.shape[-1]).astype(np.float32)
    everything = shares(np.ones(masks.shape[1:], np.uint8))
    rows = []
    for mask in masks.astype(np.uint8):
        own = shares(mask)
        inner, outer = shares(cv2.erode(mask, square)), shares(cv2.dilate(mask, square))
        parts = np.stack([own, own - inner, outer - own, everything - own])
        area = np.maximum(parts.sum(axis=1, keepdims=True), 1e-6)
        rows.append((parts / area @ cells).ravel())
    return np.stack(rows).astype(np.float32)


def overlap_masks(masks: MaskArray) -> FloatArray:
    """Intersection over union of masks (n, h, w) with each other, (n, n); 0 if empty."""
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    both = (flat @ flat.T).astype(np.float64)
    area = both.diagonal()
    return np.asarray(both / np.maximum(area[:, None] + area - both, 1))


def choose_masks(
    features: Sequence[Float32Array], overlaps: Sequence[FloatArray], first: int
) -> list[int]:
    """Choose the mask of every image.

    Parameters
    ----------
    features : list of (n, F) float32
        What `describe_masks` says of the masks of every image.
    overlaps : list of (n, n) float64
        What `overlap_masks` says of them.
    first
        Number of the mask that every image has at first.

    Returns
    -------
    list of int
        Numbers of the masks rated best, never of an empty one; `first` for a single image,
        and where all are empty.
    """
    chosen = [first] * len(features)
    if len(features) < 2:
        return chosen
    there = [overlap.diagonal() > 0 for overlap in overlaps]
    weights = [present / len(present) for present in there]
    for _ in range(ROUNDS):
        target = [overlap[place] for overlap, place in zip(overlaps, chosen, strict=True)]
        predicted = predict_by_others(features, target, weights)
        chosen = [
            int(np.where(present, rated + OWN_MASK * overlap[first], -np.inf).argmax())
            if present.any()
            else first
            for rated, overlap, present in zip(predicted, overlaps, there, strict=True)
        ]
    return chosen

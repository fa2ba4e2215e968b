r"""How well boxes hold the object, learned from the masks of the whole set.

The box of a mask is right in most images and wrong in some: it misses wheels, or takes two
animals for one. What a box holds, part by part, and what lies beside it tells a whole
object from half of one. A ridge regression on the candidate boxes of all images predicts
how much each overlaps the box of its own image's mask. No image is rated by what was
learned from itself, so that a wrong mask does not confirm its own box; how well the two
agree counts too, at a smaller weight.

A mask's box depends on where the mask was cut: a little lower, and two animals become one
piece. So every image gives masks of several cuts, and what counts is the mean overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, IntArray, MaskArray
from napari_jcc.features import FeatureMap
from napari_jcc.priors.box_parts import describe_boxes
from napari_jcc.priors.cells import embed_cells
from napari_jcc.priors.folds import predict_by_others
from napari_jcc.regions import box_iou, largest_piece
from napari_jcc.spill import SpilledList

DIMENSIONS = 48
LEAST_WEIGHT = 0.1
"""What a box beside the object counts where the object's own counts 1.1; there are many
times as many beside it."""
OWN_MASKS = 0.5
"""Weight of the overlap with the boxes of the own masks; what others teach has 1."""


def rate_boxes(
    maps: Sequence[FeatureMap],
    boxes: Sequence[IntArray],
    masks: Sequence[MaskArray],
    budget: float = math.inf,
) -> list[Float32Array]:
    """Predict how much every candidate box overlaps the object.

    Parameters
    ----------
    maps
        The encoder's descriptors of every image.
    boxes : list of (R, 4) int64
        Candidates, ``xyxy`` in the pixels of the masks, half-open; R may be 0.
    masks : list of (n, h, w) bool
        Object or rest, by several cuts of the same image; n at least 1, none empty.
    budget
        Bytes of descriptors of boxes kept in memory; the others go to a temporary file.

    Returns
    -------
    list of (R,) float32
        Expected intersection over union with the box of the object, about 0 to 1; for a
        single image that with the boxes of its masks.
    """
    own = list(map(_mean_overlap, masks, boxes))
    taught = own
    if len(maps) > 1:
        # Every image counts the same, however many boxes it has.
        weights = [(LEAST_WEIGHT + overlap) / max(len(overlap), 1) for overlap in own]
        taught = predict_by_others(_describe(maps, boxes, masks, budget), own, weights)
    return [
        ((by_others + OWN_MASKS * overlap) / (1 + OWN_MASKS)).astype(np.float32)
        for by_others, overlap in zip(taught, own, strict=True)
    ]


def _mean_overlap(masks: MaskArray, boxes: IntArray) -> FloatArray:
    """Mean over the masks of the overlap with the box of the largest piece, (R,)."""
    drawn = [largest_piece(mask).astype(np.int64) for mask in masks]
    return np.asarray(np.mean([box_iou(box, boxes) for box in drawn], axis=0))


def _describe(
    maps: Sequence[FeatureMap],
    boxes: Sequence[IntArray],
    masks: Sequence[MaskArray],
    budget: float,
) -> SpilledList[Float32Array]:
    features: SpilledList[Float32Array] = SpilledList(
        len(maps), budget, lambda block: block.nbytes
    )
    cells = embed_cells(maps, DIMENSIONS)
    for place, (found, grid, candidates) in enumerate(zip(maps, cells, boxes, strict=True)):
        _, height, width = masks[place].shape
        features[place] = describe_boxes(found, grid, candidates, (height, width))
    return features

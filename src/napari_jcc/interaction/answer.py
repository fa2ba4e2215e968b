"""Decodes mask and box of an image under the edits of a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, MaskArray
from napari_jcc.interaction.edit import BACKGROUND, OBJECT
from napari_jcc.interaction.following import Appearance, follow_marks
from napari_jcc.interaction.guidance import Guidance
from napari_jcc.interaction.holding import hold_elsewhere
from napari_jcc.interaction.overlay import lay_over_mask
from napari_jcc.pipeline import FinishedRun
from napari_jcc.regions import ImageRegions
from napari_jcc.regions.overlap import area_means, pixel_bounds
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import OWN_CUT
from napari_jcc.results.decode import (
    REDRAWN,
    Scene,
    decode_image,
    enlarge_mask,
    find_box,
    redraw_mask,
)
from napari_jcc.results.result import NO_BOX

REACH = 0.5
"""How far GrabCut moves outlines in images with edits, as a share of `decode.reach`.

There the outline has followed the strokes already, and to look half as far takes half the
time.
"""


@dataclass(frozen=True)
class DrawnOn:
    """The state of an image that marks were drawn on.

    Attributes
    ----------
    mask : (H, W) bool
        The mask that was shown, at any size.
    appearance
        Features of its pixels and superpixels; None: similar pixels do not follow the
        marks.
    """

    mask: MaskArray
    appearance: Appearance | None


def decode_guided(
    run: FinishedRun,
    place: int,
    regions: ImageRegions,
    values: tuple[FloatArray, FloatArray],
    guidance: Guidance | None,
    rating: Float32Array | None,
    drawn_on: DrawnOn | None,
) -> ImageResult:
    """Decode mask and box of an image with edits.

    If the settings refine masks by GrabCut, pixels similar to the marked ones first follow
    the strokes (`follow_marks`), and the strokes are seeds of GrabCut. What changes far
    from the strokes is dropped (`hold_elsewhere`), unless pixels were classified.

    Parameters
    ----------
    run
        The finished run.
    place
        Index of the image in the collection.
    regions
        Superpixels and boxes of the image, changed by the edits.
    values
        y (S,) and z (R,) of the image under the edits.
    guidance
        The edits; None without any.
    rating
        As for `decode_image`.
    drawn_on
        State that the marks were drawn on; None: the mask may change anywhere.
    """
    image, shape = run.images[place], run.collection.shape(place)
    scene = Scene(run.collection.names[place], image, shape, regions)
    config = run.config.decode
    if guidance is None or guidance.empty:
        return decode_image(scene, values, config, run.cuts[place], rating)
    values = rescale_marked(values[0], guidance), values[1]
    redrawn = config.refinement in REDRAWN
    # Mask and box are refined below, with the marks.
    unrefined = {"refinement": "none"} if redrawn else {}
    plain = config.model_copy(update={"box": "scores", **unrefined})
    # The cut of the run was chosen for the map before the edits.
    found = decode_image(scene, values, plain, OWN_CUT, rating)
    if guidance.no_object:
        return replace(found, mask=np.zeros(shape, np.bool_), box=NO_BOX, box_score=0.0)
    working = image.shape[0], image.shape[1]
    mask = enlarge_mask(found.mask, working)
    if drawn_on is not None and drawn_on.appearance is not None:
        prior, appearance = regions.saliency_map, drawn_on.appearance
        mask = follow_marks(mask, prior, drawn_on.mask, guidance.marks, appearance)
    mask = lay_over_mask(mask, guidance.marks)
    if redrawn:
        marks = guidance.marks == BACKGROUND, guidance.marks == OBJECT
        near = config.model_copy(update={"reach": REACH * config.reach})
        mask = redraw_mask(scene, mask, near, marks)
    if drawn_on is not None and guidance.marks.any():
        before = area_means(drawn_on.mask, guidance.marks.shape) > 0.5
        mask = hold_elsewhere(mask, before, guidance.marks)
    if guidance.box is not None:
        mask = mask & _inside(guidance.box, working)
    mask = enlarge_mask(np.asarray(mask), shape)
    candidates = found.candidate_boxes, found.candidate_scores
    box, score = find_box(mask, *candidates, config.box)
    return replace(found, mask=mask, box=box, box_score=score)


def hold_answers(
    images: Sequence[ImageResult], held: Mapping[int, ImageResult]
) -> tuple[ImageResult, ...]:
    """Replace the masks and boxes of some images by those of `held`, by index."""
    found = list(images)
    for place, kept in held.items():
        found[place] = replace(
            found[place],
            mask=kept.mask,
            box=kept.box,
            box_score=kept.box_score,
            instances=kept.instances,
            instance_boxes=kept.instance_boxes,
            instance_scores=kept.instance_scores,
        )
    return tuple(found)


def rescale_marked(y: FloatArray, guidance: Guidance) -> FloatArray:
    """Bring the values y (S,) of marked superpixels to the scale of the others.

    The scale of y depends on the constraints. A superpixel fixed at 1 may lie far above all
    others, and the threshold of its image with it.
    """
    scaled = y.copy()
    free = np.ones(len(y), np.bool_)
    free[guidance.object] = free[guidance.background] = False
    top = float(y[free].max(initial=0.0))
    scaled[guidance.object] = top if top > 0 else 1.0
    scaled[guidance.background] = 0.0
    return scaled


def _inside(box: FloatArray, shape: tuple[int, int]) -> MaskArray:
    x_min, y_min, x_max, y_max = pixel_bounds(box, shape)
    inside = np.zeros(shape, np.bool_)
    inside[y_min:y_max, x_min:x_max] = True
    return inside

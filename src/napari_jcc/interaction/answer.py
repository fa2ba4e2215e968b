"""The answer for one image that was drawn on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, MaskArray
from napari_jcc.interaction.edit import BACKGROUND, OBJECT
from napari_jcc.interaction.following import Appearance, follow_marks
from napari_jcc.interaction.guidance import Guidance
from napari_jcc.interaction.overlay import lay_over_mask
from napari_jcc.pipeline import FinishedRun
from napari_jcc.regions import ImageRegions
from napari_jcc.regions.overlap import pixel_bounds
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import OWN_CUT
from napari_jcc.results.decode import REDRAWN, Scene, decode_image, enlarge_mask, find_box
from napari_jcc.results.refine import refine_mask
from napari_jcc.results.result import NO_BOX


@dataclass(frozen=True)
class DrawnOn:
    """What the user saw when drawing the marks.

    Attributes
    ----------
    mask : (H, W) bool
        Of the image, at any size.
    appearance
        What its pixels look like.
    """

    mask: MaskArray
    appearance: Appearance


def decode_guided(
    run: FinishedRun,
    place: int,
    regions: ImageRegions,
    values: tuple[FloatArray, FloatArray],
    said: Guidance | None,
    rating: Float32Array | None,
    drawn_on: DrawnOn | None,
) -> ImageResult:
    """Decode mask and box of an image with edits.

    Where the settings refine the mask by GrabCut, strokes first decide what looks like the
    marked pixels (`follow_marks`), and are seeds of GrabCut.

    Parameters
    ----------
    run
        The finished run.
    place
        The image's place in its collection.
    regions
        Pieces of the image, as the edits leave them.
    values
        y (S,) and z (R,) of the image under the edits.
    said
        What the edits say; None without any.
    rating
        As for `decode_image`.
    drawn_on
        What the marks were drawn on; None: the mask does not follow them by appearance.
    """
    image, shape = run.images[place], run.collection.shape(place)
    scene = Scene(run.collection.names[place], image, shape, regions)
    config = run.config.decode
    if said is None or said.empty:
        return decode_image(scene, values, config, run.cuts[place], rating)
    values = tame_marked(values[0], said), values[1]
    redrawn = config.refinement in REDRAWN
    # Refined and boxed below, with the marks.
    unrefined = {"refinement": "none"} if redrawn else {}
    plain = config.model_copy(update={"box": "scores", **unrefined})
    # A map that the user moved is another than the run's cut was rated for.
    found = decode_image(scene, values, plain, OWN_CUT, rating)
    if said.no_object:
        return replace(found, mask=np.zeros(shape, np.bool_), box=NO_BOX, box_score=0.0)
    working = image.shape[0], image.shape[1]
    mask = enlarge_mask(found.mask, working)
    if drawn_on is not None:
        prior, appearance = regions.saliency_map, drawn_on.appearance
        mask = follow_marks(mask, prior, drawn_on.mask, said.marks, appearance)
    mask = lay_over_mask(mask, said.marks)
    if redrawn:
        marks = said.marks == BACKGROUND, said.marks == OBJECT
        mask = refine_mask(image, mask, config, marks)
    if said.box is not None:
        mask = mask & _inside(said.box, working)
    mask = enlarge_mask(np.asarray(mask), shape)
    candidates = found.candidate_boxes, found.candidate_scores
    box, score = find_box(mask, *candidates, config.box)
    return replace(found, mask=mask, box=box, box_score=score)


def hold_answers(
    images: Sequence[ImageResult], held: Mapping[int, ImageResult]
) -> tuple[ImageResult, ...]:
    """Replace masks and boxes by those of held answers, given by place."""
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


def _inside(box: FloatArray, shape: tuple[int, int]) -> MaskArray:
    x_min, y_min, x_max, y_max = pixel_bounds(box, shape)
    inside = np.zeros(shape, np.bool_)
    inside[y_min:y_max, x_min:x_max] = True
    return inside

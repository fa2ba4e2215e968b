"""From scores of superpixels and boxes to a mask and a box, image by image."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, LabelMap, MaskArray
from napari_jcc.config import DecodeConfig
from napari_jcc.otsu import otsu_threshold
from napari_jcc.regions import ImageRegions, box_iou, is_blank, largest_piece
from napari_jcc.results.bilateral import smooth_alike
from napari_jcc.results.cuts import OWN_CUT, Cut
from napari_jcc.results.instances import number_objects, object_boxes
from napari_jcc.results.pieces import clear_specks
from napari_jcc.results.pixel_classifier import mix_prediction
from napari_jcc.results.refine import refine_mask
from napari_jcc.results.result import ImageResult, bare_image
from napari_jcc.results.smooth import (
    cap_scores,
    mix_scores,
    smooth_twice,
    split_by_otsu,
    split_smoothed,
)

REDRAWN = ("colour", "grabcut")
"""Refinements that end with GrabCut."""
COINCIDES = 0.8
"""IoU above which a candidate and the box of the mask are taken for the same."""
NO_BOX = "no candidate box survived, so the mask is empty; loosen the settings of boxes"
FEATURELESS = (
    "the image shows nothing: all its pixels have the same value; look how it was exposed "
    "and saved, or leave it out"
)
TOO_SMALL = (
    "the image is too small, {width} x {height} pixels, to hold an object; leave it out"
)
_LEAST_SIDE = 8
"""Pixels at working size; where fewer leave no box, no setting would help."""


class Scene(NamedTuple):
    """An image and its pieces.

    Attributes
    ----------
    name
        Name of the image.
    image : (h, w, 3) uint8
        RGB at working size.
    shape
        H, W, the image's own size.
    regions
        Pieces of the image.
    """

    name: str
    image: ImageArray
    shape: tuple[int, int]
    regions: ImageRegions


def decode_image(
    scene: Scene,
    values: tuple[FloatArray, FloatArray],
    config: DecodeConfig,
    cut: Cut = OWN_CUT,
    rating: Float32Array | None = None,
) -> ImageResult:
    """Decide the mask and the box of one image.

    The box is the one with the largest z, or that of the mask. Superpixel values are
    divided by the largest of the image (their scale is set by the constraints, not by the
    evidence) and cut at .5 (arXiv 1705.06000) or at Otsu's threshold; or they are
    smoothed together with the prior and cut there.

    Parameters
    ----------
    scene
        The image.
    values : (S,) float64, (R,) float64
        y and z of the relaxed problem; R at least 1.
    config
        Rule and refinement; touching objects are parted also where that is ``auto``.
    cut
        Of the smoothed map, if that is the refinement.
    rating : (h, w) float32, optional
        Of `PixelClassifier.predict`, if ``decode.refinement`` is look.
    """
    shape, regions = scene.shape, scene.regions
    scores, z = unit_scores(values[0]), _box_scores(values[1], regions.objects)
    mask = enlarge_mask(_find_mask(scene, scores, config, cut, rating), shape)
    boxes = _to_own_pixels(regions.boxes, regions.saliency_map.shape, shape)
    instances = None
    if regions.objects > 1:
        parted = config.touching != "joined"
        instances = number_objects(mask, config.smallest_piece, parted)
        mask = instances > 0
    box, box_score = find_box(mask, boxes, z, config.box)
    result = ImageResult(
        name=scene.name,
        mask=mask,
        box=box,
        box_score=box_score,
        superpixel_scores=scores,
        candidate_boxes=boxes,
        candidate_scores=z,
        label_map=regions.superpixels.label_map,
        saliency_map=regions.saliency_map,
    )
    return result if instances is None else with_objects(result, instances)


def with_objects(result: ImageResult, instances: LabelMap) -> ImageResult:
    """Give a result numbered objects, with a box and a score for each.

    The score is the mean of the prior over the object. The z of the boxes that agree with
    it would be 0 for most, as an image has fewer candidates than small objects.

    Parameters
    ----------
    result
        The mask of an image, and its prior.
    instances : (H, W) int32
        The mask with objects numbered 1 to K, 0 for background.
    """
    prior = cv2.resize(result.saliency_map, instances.shape[::-1])
    area = np.bincount(instances.ravel())
    scores = np.bincount(instances.ravel(), prior.ravel())[1:] / np.maximum(area[1:], 1)
    return replace(
        result,
        instances=instances,
        instance_boxes=object_boxes(instances),
        instance_scores=np.clip(scores, 0, 1).astype(np.float32),
    )


def join_touching(result: ImageResult) -> ImageResult:
    """Count touching objects as one again, where several are looked for."""
    if result.instances is None:
        return result
    return with_objects(result, number_objects(result.mask))


def _find_mask(
    scene: Scene,
    scores: Float32Array,
    config: DecodeConfig,
    cut: Cut,
    rating: Float32Array | None,
) -> MaskArray:
    """Mask at working size, (h, w) bool."""
    image, regions = scene.image, scene.regions
    labels = regions.superpixels.label_map
    if config.refinement == "smoother":
        return split_smoothed(smooth_scores(image, regions, scores, config), cut)
    if config.refinement in ("blend", "look"):
        blended = blend_scores(regions, scores, config)
        return split_by_otsu(blended if rating is None else mix_prediction(rating, blended))
    if config.refinement == "colour":
        mask = split_smoothed(smooth_alike(image, cap_scores(scores[labels])))
    else:
        mask = select_superpixels(scores, regions, config.rounding)[labels]
    return redraw_mask(scene, mask, config) if config.refinement in REDRAWN else mask


def redraw_mask(
    scene: Scene,
    mask: MaskArray,
    config: DecodeConfig,
    certain: tuple[MaskArray, MaskArray] | None = None,
) -> MaskArray:
    """Refine a mask by GrabCut, parameters as for `refine_mask`, and clear its specks.

    Only masks of one object have specks: among several, small pieces may be objects. The
    refinement of the paper, ``grabcut``, leaves them.
    """
    refined = refine_mask(scene.image, mask, config, certain)
    if config.refinement == "colour" and scene.regions.objects == 1:
        return clear_specks(refined, certain)
    return refined


def blend_scores(
    regions: ImageRegions, scores: Float32Array, config: DecodeConfig
) -> Float32Array:
    """Weighted mean of scores (S,), at least 0, which know the set, and prior, (h, w)."""
    spread = scores[regions.superpixels.label_map]
    return mix_scores(spread, regions.saliency_map, config.scores_share)


def smooth_scores(
    image: ImageArray, regions: ImageRegions, scores: Float32Array, config: DecodeConfig
) -> Float32Array:
    """Scores and prior, blended and smoothed: the map (h, w) to be cut."""
    return smooth_twice(image, blend_scores(regions, scores, config))


def find_box(
    mask: MaskArray,
    boxes: Float32Array,
    z: Float32Array,
    rule: Literal["agreement", "fitted", "scores", "mask"],
) -> tuple[Float32Array, float]:
    """Choose the box of an image.

    Parameters
    ----------
    mask : (H, W) bool
        The object, refined.
    boxes : (R, 4) float32
        Candidates, x_min, y_min, x_max, y_max in pixels of the mask; R at least 1.
    z : (R,) float32
        Their scores.
    rule
        As the settings name it.

    Returns
    -------
    box : (4,) float32
    score
        Its own; of a mask's box the sum of the candidates that agree with it.
    """
    best = int(np.argmax(z))
    if rule == "scores" or not mask.any():
        return boxes[best], float(z[best])
    box = largest_piece(mask)
    overlap = box_iou(box, boxes)
    if rule == "agreement":
        best = int(np.argmax(z * overlap))
    if rule != "mask" and overlap[best] <= COINCIDES:
        return boxes[best], float(z[best])
    return box, _agreed(overlap, z)


def _agreed(overlap: FloatArray, z: Float32Array) -> float:
    """Score of a box that is no candidate: the z of candidates that agree, at most 1."""
    return min(1.0, float(z[overlap > 0.5].sum()))


def undecided_image(scene: Scene) -> ImageResult:
    """Answer for an image without candidate boxes: empty mask, no box, a warning."""
    empty, regions = np.zeros(scene.shape, dtype=np.bool_), scene.regions
    warning = _explain_no_box(scene.image, scene.shape)
    return replace(
        bare_image(scene.name, mask=empty, warning=warning),
        superpixel_scores=np.zeros(len(regions.superpixels), dtype=np.float32),
        label_map=regions.superpixels.label_map,
        saliency_map=regions.saliency_map,
    )


def _explain_no_box(image: ImageArray, shape: tuple[int, int]) -> str:
    if min(image.shape[:2]) < _LEAST_SIDE:
        return TOO_SMALL.format(height=shape[0], width=shape[1])
    return FEATURELESS if is_blank(image) else NO_BOX


def select_superpixels(
    scores: Float32Array, regions: ImageRegions, rounding: str
) -> MaskArray:
    """Superpixels that are object, (S,) bool, by the rule ``otsu`` or ``paper``."""
    if rounding == "paper":
        return scores >= 0.5
    values, area = scores.astype(np.float64), regions.superpixels.area.astype(np.float64)
    if values.min() == values.max():
        return values > 0
    return values > otsu_threshold(values, area)


def enlarge_mask(mask: MaskArray, shape: tuple[int, int]) -> MaskArray:
    """Bring a mask, (h, w), to `shape`; interpolated, so that outlines stay smooth."""
    if mask.shape == shape:
        return mask
    share = cv2.resize(
        mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(share > 0.5).reshape(shape)


def unit_scores(values: FloatArray) -> Float32Array:
    """Values of superpixels divided by the largest, (S,) in [0, 1]."""
    clipped = np.clip(values, 0.0, None)
    top = clipped.max(initial=0.0)
    return (clipped / top if top > 0 else clipped).astype(np.float32)


def _box_scores(values: FloatArray, objects: int) -> Float32Array:
    """Values of candidates in [0, 1]; of one object they are shares of 1.

    Those of several objects sum to their number, so that the score of a box does not
    depend on how many others there are. Solvers leave the values slightly off.
    """
    clipped = np.clip(values, 0.0, 1.0)
    if objects == 1:
        clipped = clipped / max(float(clipped.sum()), 1e-12)
    return clipped.astype(np.float32)


def _to_own_pixels(
    boxes: Float32Array, working: tuple[int, ...], shape: tuple[int, int]
) -> Float32Array:
    y_scale, x_scale = shape[0] / working[0], shape[1] / working[1]
    scale = np.array([x_scale, y_scale, x_scale, y_scale])
    return np.asarray(boxes * scale, dtype=np.float32)

"""From scores of superpixels and boxes to a mask and a box, image by image."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.config import DecodeConfig
from napari_jcc.problem.otsu import otsu_thresholds
from napari_jcc.regions.regions import ImageRegions
from napari_jcc.results.refine import refine_mask
from napari_jcc.results.result import ImageResult

NO_BOX = "no candidate box survived, so the mask is empty; loosen the settings of boxes"


def decode_image(
    name: str,
    image: ImageArray,
    shape: tuple[int, int],
    regions: ImageRegions,
    superpixel_values: FloatArray,
    box_values: FloatArray,
    config: DecodeConfig,
) -> ImageResult:
    """Decide the mask and the box of one image.

    The box is the one with the largest z. Superpixel values are divided by the largest of
    the image (their scale is set by the constraints, not by the evidence) and cut at .5
    (arXiv 1705.06000) or at Otsu's threshold.

    Parameters
    ----------
    name
        Name of the image.
    image : (h, w, 3) uint8
        RGB at working size.
    shape
        H, W, the image's own size.
    regions
        Pieces of the image.
    superpixel_values : (S,) float64
        y of the relaxed problem.
    box_values : (R,) float64
        z of the relaxed problem; R at least 1.
    config
        Rule and refinement.
    """
    scores = _unit_scores(superpixel_values)
    chosen = select_superpixels(scores, regions, config.rounding)
    mask = chosen[regions.superpixels.label_map]
    if config.refinement == "grabcut":
        mask = refine_mask(image, mask, config.iterations, config.seed)
    boxes = _to_own_pixels(regions.boxes, mask.shape, shape)
    z = _shares(box_values)
    best = int(np.argmax(z))
    return ImageResult(
        name=name,
        mask=enlarge_mask(mask, shape),
        box=boxes[best],
        box_score=float(z[best]),
        superpixel_scores=scores,
        candidate_boxes=boxes,
        candidate_scores=z,
        label_map=regions.superpixels.label_map,
        saliency_map=regions.saliency_map,
    )


def undecided_image(
    name: str, shape: tuple[int, int], regions: ImageRegions
) -> ImageResult:
    """Answer for an image without candidate boxes: empty mask, no box, a warning."""
    return ImageResult(
        name=name,
        mask=np.zeros(shape, dtype=np.bool_),
        box=np.full(4, np.nan, dtype=np.float32),
        box_score=0.0,
        superpixel_scores=np.zeros(len(regions.superpixels), dtype=np.float32),
        candidate_boxes=np.zeros((0, 4), dtype=np.float32),
        candidate_scores=np.zeros(0, dtype=np.float32),
        label_map=regions.superpixels.label_map,
        saliency_map=regions.saliency_map,
        warning=NO_BOX,
    )


def select_superpixels(
    scores: Float32Array, regions: ImageRegions, rounding: str
) -> MaskArray:
    """Superpixels that are object, (S,) bool, by the rule ``otsu`` or ``paper``."""
    if rounding == "paper":
        return scores >= 0.5
    group = np.zeros(len(scores), dtype=np.int64)
    values, area = scores.astype(np.float64), regions.superpixels.area.astype(np.float64)
    threshold = otsu_thresholds(values, area, group, 1)[0]
    return np.asarray((values > threshold) | (values.min() == values.max()))


def enlarge_mask(mask: MaskArray, shape: tuple[int, int]) -> MaskArray:
    """Bring a mask, (h, w), to `shape`; interpolated, so that outlines stay smooth."""
    if mask.shape == shape:
        return mask
    share = cv2.resize(
        mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(share > 0.5).reshape(shape)


def _unit_scores(values: FloatArray) -> Float32Array:
    clipped = np.clip(values, 0.0, None)
    top = clipped.max(initial=0.0)
    return (clipped / top if top > 0 else clipped).astype(np.float32)


def _shares(values: FloatArray) -> Float32Array:
    """Values as shares of 1; solvers leave them slightly off."""
    clipped = np.clip(values, 0.0, 1.0)
    return (clipped / max(float(clipped.sum()), 1e-12)).astype(np.float32)


def _to_own_pixels(
    boxes: Float32Array, working: tuple[int, ...], shape: tuple[int, int]
) -> Float32Array:
    y_scale, x_scale = shape[0] / working[0], shape[1] / working[1]
    scale = np.array([x_scale, y_scale, x_scale, y_scale])
    return np.asarray(boxes * scale, dtype=np.float32)

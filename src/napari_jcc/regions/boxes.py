"""Candidate boxes: proposals from several sources, ranked and thinned."""

from __future__ import annotations

import logging
from functools import cache

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.config import BoxConfig
from napari_jcc.errors import ConfigError
from napari_jcc.regions.overlap import box_area, box_iou, superpixels_inside
from napari_jcc.regions.proposals import (
    count_parts,
    grid_boxes,
    group_boxes,
    has_selective_search,
    saliency_boxes,
    selective_search_boxes,
)
from napari_jcc.regions.regions import Superpixels

_logger = logging.getLogger(__name__)
_REMEDY = "install opencv-contrib-python-headless in place of other OpenCV packages"


def propose_boxes(
    image: ImageArray, superpixels: Superpixels, config: BoxConfig
) -> IntArray:
    """Search boxes by the method of `config`.

    None for several objects an image, see `candidate_boxes`, and none of a blank image.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    superpixels
        Pieces of the same image.
    config
        Method, and number of objects.

    Returns
    -------
    (R, 4) int64
        ``xyxy``, half-open, in no order that means anything.

    Raises
    ------
    ConfigError
        If selective search is asked for by name and OpenCV comes without it.
    """
    if config.objects != 1 or is_blank(image):
        return np.zeros((0, 4), np.int64)
    if config.method == "grid":
        return grid_boxes(superpixels.label_map.shape)
    if config.method == "superpixel_groups":
        return group_boxes(superpixels)
    if has_selective_search():
        return selective_search_boxes(image, config.proposal_size)
    if config.method == "selective_search":
        raise ConfigError(
            'boxes.method is "selective_search" but this OpenCV has no contrib modules: '
            f'{_REMEDY}, or set boxes.method to "superpixel_groups".'
        )
    _tell_fallback()
    return group_boxes(superpixels)


def is_blank(image: ImageArray) -> bool:
    """Whether all pixels of an image, (h, w, 3), are alike: it shows nothing."""
    return bool((image == image[0, 0]).all())


def candidate_boxes(
    proposals: IntArray, saliency_map: Float32Array, config: BoxConfig
) -> IntArray:
    """Boxes of allowed size: proposals, and boxes around parts of a thresholded map.

    For several objects an image only the latter, as boxes around several objects have more
    excess than those around one.

    Parameters
    ----------
    proposals : (R', 4) int64
        What `propose_boxes` returned.
    saliency_map : (h, w) float32
        From 0 to 1.
    config
        Number of objects and limits of the area.

    Returns
    -------
    (R, 4) int64
        ``xyxy``, half-open, each once.
    """
    if config.objects == 1:
        salient = saliency_boxes(saliency_map)
        candidates = np.unique(np.concatenate([salient, proposals]), axis=0)
    else:
        candidates = saliency_boxes(saliency_map, config.count)
    return _within_area(candidates, saliency_map.shape, config)


def choose_boxes(
    candidates: IntArray,
    merit: FloatArray | Float32Array,
    superpixels: Superpixels,
    config: BoxConfig,
) -> tuple[Float32Array, Float32Array]:
    """Rank candidates, best first, and drop those that overlap a better one too much.

    Parameters
    ----------
    candidates : (R', 4) int64
        What `candidate_boxes` returned.
    merit : (R',) float
        How well each holds the object: its excess, or another rating in [-1, 1].
    superpixels
        Pieces of the image; every box kept holds more than half of at least one.
    config
        Number of boxes and how much they may overlap.

    Returns
    -------
    boxes : (R, 4) float32
        ``xyxy``, half-open, whole pixels. R is at most `config.count` and may be 0.
    merit : (R,) float32
        Not increasing.
    """
    order = np.argsort(-merit, kind="stable")
    kept = order[_thin(candidates[order], superpixels, config)]
    return candidates[kept].astype(np.float32), merit[kept].astype(np.float32)


def count_objects(saliency_map: Float32Array, config: BoxConfig) -> int:
    """Say how many boxes an image is to have, at least 1.

    Parameters
    ----------
    saliency_map : (h, w) float32
        From 0 to 1; its parts are counted where the settings leave the number open.
    config
        ``objects`` and ``smallest_area``.
    """
    return config.objects or max(1, count_parts(saliency_map, config.smallest_area))


def box_excess(boxes: IntArray, saliency_map: Float32Array) -> FloatArray:
    """Share of the saliency inside each box minus its share of the area.

    Parameters
    ----------
    boxes : (R, 4) int64
        ``xyxy`` in pixels, inside the image.
    saliency_map : (h, w) float32
        Not negative.

    Returns
    -------
    (R,) float64
        In [-1, 1]; all zeros if nothing is salient.
    """
    integral = cv2.integral(saliency_map, sdepth=cv2.CV_64F)
    total = integral[-1, -1]
    if total <= 0:
        return np.zeros(len(boxes))
    x_min, y_min, x_max, y_max = boxes.T
    below = integral[y_max, x_max] - integral[y_max, x_min]
    mass = below - integral[y_min, x_max] + integral[y_min, x_min]
    return np.asarray(mass / total - box_area(boxes) / saliency_map.size)


@cache
def _tell_fallback() -> None:
    """Log the fallback once, not for every image."""
    _logger.warning(
        "Selective search is missing: boxes are drawn around groups of superpixels. "
        "To have it, %s.",
        _REMEDY,
    )


def _within_area(boxes: IntArray, shape: tuple[int, ...], config: BoxConfig) -> IntArray:
    share = box_area(boxes) / (shape[0] * shape[1])
    allowed = (share >= config.smallest_area) & (share <= config.largest_area)
    return boxes[allowed & (share > 0)]


def _thin(boxes: IntArray, superpixels: Superpixels, config: BoxConfig) -> IntArray:
    """Pick at most `count` boxes that hold a superpixel and overlap no kept one."""
    kept: list[int] = []
    remaining = np.arange(len(boxes))
    while len(remaining) and len(kept) < config.count:
        best = int(remaining[0])
        remaining = remaining[1:]
        if not superpixels_inside(superpixels, boxes[best].astype(np.float32)).any():
            continue
        kept.append(best)
        iou = box_iou(boxes[best], boxes[remaining])
        remaining = remaining[iou <= config.overlap_limit]
    return np.array(kept, np.int64)

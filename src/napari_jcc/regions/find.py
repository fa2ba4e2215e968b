"""All pieces of one image in one call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import ImageArray
from napari_jcc.config import BoxConfig, SaliencyConfig, SuperpixelConfig
from napari_jcc.regions.boxes import count_objects, find_boxes
from napari_jcc.regions.overlap import find_overlap
from napari_jcc.regions.regions import ImageRegions
from napari_jcc.regions.saliency import find_saliency
from napari_jcc.regions.superpixels import find_superpixels


def find_image_regions(
    image: ImageArray,
    superpixel_config: SuperpixelConfig,
    saliency_config: SaliencyConfig,
    box_config: BoxConfig,
    supplied: NDArray[np.generic] | None = None,
) -> ImageRegions:
    """Cut one image into superpixels, rate them and propose boxes.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    superpixel_config, saliency_config, box_config
        Settings of the three steps.
    supplied : (H, W) real or bool, optional
        Saliency map of the user's own, of any size.

    Returns
    -------
    ImageRegions
        With at least one superpixel; possibly without boxes. The same for the same
        input.

    Raises
    ------
    InputError
        If a supplied saliency map is asked for and cannot be used.
    ConfigError
        If selective search is asked for by name and OpenCV comes without it.
    """
    superpixels = find_superpixels(image, superpixel_config)
    saliency_map = find_saliency(image, superpixels, saliency_config, supplied)
    boxes, excess = find_boxes(image, superpixels, saliency_map, box_config)
    return ImageRegions(
        superpixels=superpixels,
        saliency_map=saliency_map,
        boxes=boxes,
        box_merit=excess,
        overlap=find_overlap(superpixels, boxes),
        objects=count_objects(saliency_map, box_config),
    )

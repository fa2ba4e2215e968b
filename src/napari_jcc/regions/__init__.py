"""Pieces of images: superpixels, saliency, candidate boxes and their overlap."""

from napari_jcc.regions.boxes import (
    box_excess,
    choose_boxes,
    count_objects,
    find_boxes,
    propose_boxes,
)
from napari_jcc.regions.find import find_image_regions
from napari_jcc.regions.overlap import find_overlap
from napari_jcc.regions.regions import ImageRegions, Superpixels
from napari_jcc.regions.saliency import find_saliency
from napari_jcc.regions.superpixels import find_superpixels, measure_superpixels

__all__ = [
    "ImageRegions",
    "Superpixels",
    "box_excess",
    "choose_boxes",
    "count_objects",
    "find_boxes",
    "find_image_regions",
    "find_overlap",
    "find_saliency",
    "find_superpixels",
    "measure_superpixels",
    "propose_boxes",
]

"""Pieces of images: superpixels, saliency, candidate boxes and their overlap."""

from napari_jcc.regions.boxes import (
    box_excess,
    candidate_boxes,
    choose_boxes,
    count_objects,
    is_blank,
    propose_boxes,
)
from napari_jcc.regions.object_width import fit_saliency, vote_on_width
from napari_jcc.regions.overlap import (
    area_means,
    box_area,
    box_iou,
    find_overlap,
    largest_piece,
    mask_extent,
    mask_iou,
)
from napari_jcc.regions.regions import ImageRegions, Superpixels
from napari_jcc.regions.saliency import find_saliency
from napari_jcc.regions.superpixels import find_superpixels

__all__ = [
    "ImageRegions",
    "Superpixels",
    "area_means",
    "box_area",
    "box_excess",
    "box_iou",
    "candidate_boxes",
    "choose_boxes",
    "count_objects",
    "find_overlap",
    "find_saliency",
    "find_superpixels",
    "fit_saliency",
    "is_blank",
    "largest_piece",
    "mask_extent",
    "mask_iou",
    "propose_boxes",
    "vote_on_width",
]

"""What is done for one image, as plain functions that a cluster can run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig
from napari_jcc.errors import InputError
from napari_jcc.features import FeatureMap, RegionDescriptors, describe_image
from napari_jcc.features.looks import describe_looks
from napari_jcc.features.sift import SiftExtractor
from napari_jcc.priors.masks import describe_masks, overlap_masks
from napari_jcc.regions import (
    ImageRegions,
    Superpixels,
    box_excess,
    candidate_boxes,
    choose_boxes,
    count_objects,
    find_overlap,
    find_saliency,
    find_superpixels,
    propose_boxes,
)
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import Cut
from napari_jcc.results.decode import (
    Scene,
    blend_scores,
    decode_image,
    smooth_scores,
    undecided_image,
    unit_scores,
)
from napari_jcc.results.look import Look, PixelSample, sample_pixels
from napari_jcc.results.smooth import smooth_twice, split_by_all

COARSE = 2
"""Step between the pixels of a map that masks to be rated are made of; their outlines are
seen through cells many times as wide."""


class SaliencyTask(NamedTuple):
    """Input of `compute_saliency`."""

    image: ImageArray
    superpixels: Superpixels
    supplied: ImageCollection | None
    config: JccConfig


class LooksTask(NamedTuple):
    """Input of `compute_looks`."""

    image: ImageArray
    superpixels: Superpixels
    config: JccConfig


class ProposalTask(NamedTuple):
    """Input of `compute_proposals`."""

    image: ImageArray
    superpixels: Superpixels
    config: JccConfig


class RegionsTask(NamedTuple):
    """Input of `compute_regions`; the map is the prior, a merit of None is the excess."""

    superpixels: Superpixels
    saliency_map: Float32Array
    candidates: IntArray
    merit: Float32Array | None
    config: JccConfig


class DescriptionTask(NamedTuple):
    """Input of `compute_description`; the map is None where no kind needs it."""

    image: ImageArray
    regions: ImageRegions
    feature_map: FeatureMap | None
    config: JccConfig


class CutTask(NamedTuple):
    """Input of `describe_cuts`; the values are None where no problem was solved."""

    image: ImageArray
    regions: ImageRegions
    values: tuple[FloatArray, FloatArray] | None
    cells: FeatureMap


class DecodeTask(NamedTuple):
    """Input of `compute_result`; the values are None for an image without boxes."""

    scene: Scene
    values: tuple[FloatArray, FloatArray] | None
    cut: Cut
    look: Look | None
    config: JccConfig


class SampleTask(NamedTuple):
    """Input of `sample_look`."""

    image: ImageArray
    regions: ImageRegions
    values: tuple[FloatArray, FloatArray]


def find_content(single: ImageCollection) -> str:
    """Fingerprint of an image; one that cannot be read is told from `read_image`."""
    try:
        return single.fingerprint(0)
    except InputError as error:
        return f"unreadable: {error}"


def read_image(single: ImageCollection) -> ImageArray | str:
    """Read the only image of a collection at working size; a failure returns its reason."""
    try:
        return single.working_image(0)
    except InputError as error:
        return str(error.__cause__ or error)  # without the name, which the caller knows


def compute_superpixels(task: tuple[ImageArray, JccConfig]) -> Superpixels:
    """Oversegment one image."""
    image, config = task
    return find_superpixels(image, config.superpixels)


def compute_saliency(task: SaliencyTask) -> Float32Array:
    """Rate what stands out in one image."""
    supplied = None if task.supplied is None else task.supplied.raw(0)
    if supplied is not None and supplied.ndim == 3:
        supplied = np.asarray(supplied[..., :3].mean(axis=-1))
    return find_saliency(task.image, task.superpixels, task.config.saliency, supplied)


def compute_looks(task: LooksTask) -> tuple[Float32Array, Float32Array]:
    """Describe the superpixels of one image by texture, and by appearance and place."""
    image, superpixels, config = task
    sift = SiftExtractor(config.features.sift_step, config.features.sift_size)
    texture = sift.describe_superpixels(image, superpixels)
    return texture, describe_looks(image, superpixels)


def compute_proposals(task: ProposalTask) -> IntArray:
    """Search boxes in one image, before any prior."""
    return propose_boxes(task.image, task.superpixels, task.config.boxes)


def compute_candidates(task: tuple[IntArray, Float32Array, JccConfig]) -> IntArray:
    """Gather candidate boxes of one image from its proposals and its prior."""
    proposals, prior, config = task
    return candidate_boxes(proposals, prior, config.boxes)


def compute_regions(task: RegionsTask) -> ImageRegions:
    """Choose candidate boxes in one image and note which superpixels they hold."""
    merit = task.merit
    if merit is None:
        merit = box_excess(task.candidates, task.saliency_map).astype(np.float32)
    boxes, merit = choose_boxes(task.candidates, merit, task.superpixels, task.config.boxes)
    return ImageRegions(
        superpixels=task.superpixels,
        saliency_map=task.saliency_map,
        boxes=boxes,
        box_merit=merit,
        overlap=find_overlap(task.superpixels, boxes),
        objects=count_objects(task.saliency_map, task.config.boxes),
    )


def compute_description(task: DescriptionTask) -> dict[str, RegionDescriptors]:
    """Describe the pieces of one image."""
    return describe_image(task.image, task.regions, task.config.features, task.feature_map)


def describe_cuts(task: CutTask) -> tuple[Float32Array, FloatArray]:
    """Describe the masks of one image by all cuts, and how they overlap."""
    if task.values is None:
        smoothed = smooth_twice(task.image, task.regions.saliency_map)
    else:
        scores = np.clip(task.values[0], 0, None).astype(np.float32)
        smoothed = smooth_scores(task.image, task.regions, scores)
    masks = split_by_all(smoothed[::COARSE, ::COARSE])
    features = describe_masks(task.cells, masks)
    return features, overlap_masks(masks)


def compute_result(task: DecodeTask) -> ImageResult:
    """Decide mask and box of one image."""
    if task.values is None:
        return undecided_image(task.scene)
    rating = None if task.look is None else task.look.rate(task.scene.image)
    return decode_image(task.scene, task.values, task.config.decode, task.cut, rating)


def sample_look(task: SampleTask) -> PixelSample:
    """Choose the pixels of one image that teach."""
    blended = blend_scores(task.regions, unit_scores(task.values[0]))
    return sample_pixels(task.image, blended)

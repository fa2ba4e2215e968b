"""Functions of single images for stages that are more than one call."""

from __future__ import annotations

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import (
    BoxConfig,
    DecodeConfig,
    FeatureConfig,
    SaliencyConfig,
)
from napari_jcc.errors import InputError
from napari_jcc.features import FeatureMap
from napari_jcc.features.appearance import describe_appearance
from napari_jcc.features.sift import SiftExtractor
from napari_jcc.priors.masks import describe_masks, overlap_masks
from napari_jcc.regions import (
    ImageRegions,
    Superpixels,
    box_excess,
    choose_boxes,
    count_objects,
    find_overlap,
    find_saliency,
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
from napari_jcc.results.parting import compare_with_discs
from napari_jcc.results.pixel_classifier import PixelClassifier, PixelSample, sample_pixels
from napari_jcc.results.smooth import smooth_twice, split_by_all

COARSE = 2
"""Subsampling of the maps from which masks are rated; the encoder's cells are many times as
wide."""


def find_content(single: ImageCollection) -> str:
    """Fingerprint of an image; of an unreadable one, the reason."""
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


def compute_saliency(
    image: ImageArray,
    superpixels: Superpixels,
    supplied: ImageCollection | None,
    config: SaliencyConfig,
) -> Float32Array:
    """Compute the saliency of one image, or take the only map of `supplied`."""
    raw = None if supplied is None else supplied.raw(0)
    if raw is not None and raw.ndim == 3:
        raw = np.asarray(raw[..., :3].mean(axis=-1))
    return find_saliency(image, superpixels, config, raw)


def compute_appearance(
    image: ImageArray, superpixels: Superpixels, config: FeatureConfig
) -> tuple[Float32Array, Float32Array]:
    """Compute texture, and appearance and position, of the superpixels of one image."""
    sift = SiftExtractor(config.sift_step, config.sift_size)
    texture = sift.describe_superpixels(image, superpixels)
    return texture, describe_appearance(image, superpixels)


def compute_regions(
    superpixels: Superpixels,
    prior: Float32Array,
    candidates: IntArray,
    merit: Float32Array | None,
    config: BoxConfig,
) -> ImageRegions:
    """Choose candidate boxes in one image, and find the superpixels inside them.

    If merit is None, the excess of the prior is used.
    """
    if merit is None:
        merit = box_excess(candidates, prior).astype(np.float32)
    boxes, merit = choose_boxes(candidates, merit, superpixels, config)
    return ImageRegions(
        superpixels=superpixels,
        saliency_map=prior,
        boxes=boxes,
        box_merit=merit,
        overlap=find_overlap(superpixels, boxes),
        objects=count_objects(prior, config),
    )


def describe_cuts(
    image: ImageArray,
    regions: ImageRegions,
    values: tuple[FloatArray, FloatArray] | None,
    cells: FeatureMap,
    config: DecodeConfig,
) -> tuple[Float32Array, FloatArray]:
    """Describe the masks of one image by all cuts, and compute their overlaps.

    The values are None if no problem was solved: then the prior is cut.
    """
    if values is None:
        smoothed = smooth_twice(image, regions.saliency_map)
    else:
        scores = np.clip(values[0], 0, None).astype(np.float32)
        smoothed = smooth_scores(image, regions, scores, config)
    masks = split_by_all(smoothed[::COARSE, ::COARSE])
    return describe_masks(cells, masks), overlap_masks(masks)


def compute_result(
    scene: Scene,
    values: tuple[FloatArray, FloatArray] | None,
    cut: Cut,
    classifier: PixelClassifier | None,
    config: DecodeConfig,
) -> ImageResult:
    """Decode mask and box of one image; its values are None if it has no boxes."""
    if values is None:
        return undecided_image(scene)
    rating = None if classifier is None else classifier.predict(scene.image)
    return decode_image(scene, values, config, cut, rating)


def compare_objects(result: ImageResult) -> FloatArray:
    """Compare the objects of a result with discs; of one object alone there is nothing."""
    if result.instances is None:
        return np.zeros((0, 2))
    return compare_with_discs(result.instances)


def sample_training_pixels(
    image: ImageArray,
    regions: ImageRegions,
    values: tuple[FloatArray, FloatArray],
    config: DecodeConfig,
) -> PixelSample:
    """Draw the training pixels of one image."""
    return sample_pixels(image, blend_scores(regions, unit_scores(values[0]), config))

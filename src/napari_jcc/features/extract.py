"""Features of one image, by every kind that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from napari_jcc._types import ImageArray
from napari_jcc.config import FeatureConfig
from napari_jcc.errors import InputError
from napari_jcc.features.alexnet import AlexNetExtractor
from napari_jcc.features.deep import DeepExtractor
from napari_jcc.features.encoders import FeatureMap
from napari_jcc.features.extractor import FeatureExtractor, RegionDescriptors
from napari_jcc.features.lab import LabExtractor
from napari_jcc.features.sift import SiftExtractor
from napari_jcc.regions.regions import ImageRegions

EXTRACTORS: dict[str, Callable[[FeatureConfig, FeatureMap | None], FeatureExtractor]] = {
    "sift": lambda config, _: SiftExtractor(config.sift_step, config.sift_size),
    "lab": lambda *_: LabExtractor(),
    "deep": lambda _, feature_map: DeepExtractor(feature_map),
    "alexnet": lambda config, _: AlexNetExtractor(config.alexnet),
}
"""Every kind of feature by the name it has in the settings."""


def get_extractors(
    kinds: Iterable[str], config: FeatureConfig, feature_map: FeatureMap | None = None
) -> list[FeatureExtractor]:
    """Return one extractor for each of `kinds`, in their order, repetitions dropped."""
    return [EXTRACTORS[kind](config, feature_map) for kind in dict.fromkeys(kinds)]


def describe_image(
    image: ImageArray,
    regions: ImageRegions,
    config: FeatureConfig,
    feature_map: FeatureMap | None = None,
) -> dict[str, RegionDescriptors]:
    """Describe the pieces of one image by every kind that `config` names.

    The answer depends on the image, its regions, its feature map and the fields
    `superpixels`, `boxes`, `sift_step`, `sift_size` and `alexnet` of `config`, and can be
    pickled.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    regions
        Pieces of the same image.
    config
        Settings of the features.
    feature_map
        The encoder's map of the same image, for the kind ``deep``.

    Raises
    ------
    InputError
        If image and regions differ in size, or the feature map is needed and missing.
    """
    if image.shape[:2] != regions.superpixels.label_map.shape:
        raise InputError(
            f"The image has shape {image.shape[:2]} but its superpixels were found on "
            f"{regions.superpixels.label_map.shape}. Describe the image they came from."
        )
    kinds = (*config.superpixels, *config.boxes)
    return {
        extractor.name: extractor.describe(image, regions)
        for extractor in get_extractors(kinds, config, feature_map)
    }

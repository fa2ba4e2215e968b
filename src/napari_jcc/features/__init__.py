"""Features: what superpixels and boxes are compared by across images."""

from napari_jcc.features.embedding import embed
from napari_jcc.features.extract import combine, describe_image, get_extractors
from napari_jcc.features.extractor import FeatureExtractor, Features, RegionDescriptors

__all__ = [
    "FeatureExtractor",
    "Features",
    "RegionDescriptors",
    "combine",
    "describe_image",
    "embed",
    "get_extractors",
]

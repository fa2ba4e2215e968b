"""Features: what superpixels and boxes are compared by across images."""

from napari_jcc.features.embedding import embed
from napari_jcc.features.encoders import FeatureMap
from napari_jcc.features.extract import describe_image, get_extractors
from napari_jcc.features.extractor import FeatureExtractor, RegionDescriptors
from napari_jcc.features.streaming import Features, stream

__all__ = [
    "FeatureExtractor",
    "FeatureMap",
    "Features",
    "RegionDescriptors",
    "describe_image",
    "embed",
    "get_extractors",
    "stream",
]

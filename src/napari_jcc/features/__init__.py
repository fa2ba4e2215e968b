"""Features: what superpixels and boxes are compared by across images."""

from napari_jcc.features.embedding import embed
from napari_jcc.features.encoders import Encoder, FeatureMap, average_maps, load_encoder
from napari_jcc.features.extract import describe_image, get_extractors
from napari_jcc.features.extractor import FeatureExtractor, RegionDescriptors
from napari_jcc.features.streaming import Features, stream

__all__ = [
    "Encoder",
    "FeatureExtractor",
    "FeatureMap",
    "Features",
    "RegionDescriptors",
    "average_maps",
    "describe_image",
    "embed",
    "get_extractors",
    "load_encoder",
    "stream",
]

"""Features: what superpixels and boxes are compared by across images."""

from napari_jcc.features.embedding import embed
from napari_jcc.features.encoders import FeatureMap
from napari_jcc.features.extract import describe_image
from napari_jcc.features.extractor import RegionDescriptors
from napari_jcc.features.streaming import stream

__all__ = ["FeatureMap", "RegionDescriptors", "describe_image", "embed", "stream"]

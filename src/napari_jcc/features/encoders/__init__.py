"""Image encoders: networks of the user's choice that describe images on a grid."""

from napari_jcc.features.encoders.encoder import Encoder, FeatureMap, average_maps
from napari_jcc.features.encoders.load import FittingEncoder, load_encoder

__all__ = ["Encoder", "FeatureMap", "FittingEncoder", "average_maps", "load_encoder"]

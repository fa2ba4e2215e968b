"""The network in parts: encoder, correlation, heads, decoder, transformations."""

from napari_jcc.matching.network.correlation import correlate
from napari_jcc.matching.network.encoder import Pyramid, PyramidEncoder
from napari_jcc.matching.network.model import MaCoSNet, Match, build_network
from napari_jcc.matching.network.transforms import Transform

__all__ = [
    "MaCoSNet",
    "Match",
    "Pyramid",
    "PyramidEncoder",
    "Transform",
    "build_network",
    "correlate",
]

"""One file per section of the settings."""

from napari_jcc.config.sections.boxes import BoxConfig
from napari_jcc.config.sections.collection import CollectionConfig
from napari_jcc.config.sections.decode import DecodeConfig
from napari_jcc.config.sections.discriminative import DiscriminativeConfig
from napari_jcc.config.sections.features import FeatureConfig
from napari_jcc.config.sections.prior import PriorConfig
from napari_jcc.config.sections.problem import ProblemConfig
from napari_jcc.config.sections.runtime import RuntimeConfig
from napari_jcc.config.sections.saliency import SaliencyConfig
from napari_jcc.config.sections.solver import SolverConfig
from napari_jcc.config.sections.superpixels import SuperpixelConfig

__all__ = [
    "BoxConfig",
    "CollectionConfig",
    "DecodeConfig",
    "DiscriminativeConfig",
    "FeatureConfig",
    "PriorConfig",
    "ProblemConfig",
    "RuntimeConfig",
    "SaliencyConfig",
    "SolverConfig",
    "SuperpixelConfig",
]

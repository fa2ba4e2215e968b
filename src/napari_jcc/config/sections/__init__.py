"""One file per section of the settings."""

from napari_jcc.config.sections.boxes import BoxConfig
from napari_jcc.config.sections.collection import CollectionConfig
from napari_jcc.config.sections.decode import DecodeConfig
from napari_jcc.config.sections.discriminative import DiscriminativeConfig
from napari_jcc.config.sections.features import FeatureConfig
from napari_jcc.config.sections.losses import LossConfig
from napari_jcc.config.sections.matching import MatchingConfig
from napari_jcc.config.sections.network import NetworkConfig
from napari_jcc.config.sections.prior import PriorConfig
from napari_jcc.config.sections.problem import ProblemConfig
from napari_jcc.config.sections.runtime import RuntimeConfig
from napari_jcc.config.sections.saliency import SaliencyConfig
from napari_jcc.config.sections.solver import SolverConfig
from napari_jcc.config.sections.superpixels import SuperpixelConfig
from napari_jcc.config.sections.synthetic import SyntheticConfig
from napari_jcc.config.sections.training import TrainingConfig

__all__ = [
    "BoxConfig",
    "CollectionConfig",
    "DecodeConfig",
    "DiscriminativeConfig",
    "FeatureConfig",
    "LossConfig",
    "MatchingConfig",
    "NetworkConfig",
    "PriorConfig",
    "ProblemConfig",
    "RuntimeConfig",
    "SaliencyConfig",
    "SolverConfig",
    "SuperpixelConfig",
    "SyntheticConfig",
    "TrainingConfig",
]

"""Typed settings: the one truth behind the window's form, the command line and the docs."""

from napari_jcc.config.files import dump_config, load_config, load_config_text
from napari_jcc.config.model import JccConfig, MatchConfig
from napari_jcc.config.overrides import (
    apply_overrides,
    as_config,
    changed_settings,
    format_assignment,
    format_changes,
    parse_assignment,
    validate_config,
)
from napari_jcc.config.presets import PRESETS, Preset, closest_preset, get_preset
from napari_jcc.config.ranges import describe_range
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
    "PRESETS",
    "BoxConfig",
    "CollectionConfig",
    "DecodeConfig",
    "DiscriminativeConfig",
    "FeatureConfig",
    "JccConfig",
    "LossConfig",
    "MatchConfig",
    "MatchingConfig",
    "NetworkConfig",
    "Preset",
    "PriorConfig",
    "ProblemConfig",
    "RuntimeConfig",
    "SaliencyConfig",
    "SolverConfig",
    "SuperpixelConfig",
    "SyntheticConfig",
    "TrainingConfig",
    "apply_overrides",
    "as_config",
    "changed_settings",
    "closest_preset",
    "describe_range",
    "dump_config",
    "format_assignment",
    "format_changes",
    "get_preset",
    "load_config",
    "load_config_text",
    "parse_assignment",
    "validate_config",
]

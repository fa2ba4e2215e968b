"""Typed settings: the one truth behind the window's form, the command line and the docs."""

from napari_jcc.config.fields import describe_range
from napari_jcc.config.files import dump_config, load_config, load_config_text
from napari_jcc.config.match import MatchConfig
from napari_jcc.config.model import JccConfig
from napari_jcc.config.overrides import (
    apply_overrides,
    changed_settings,
    format_assignment,
    parse_assignment,
    validate_config,
)
from napari_jcc.config.presets import PRESETS, Preset, get_preset
from napari_jcc.config.sections import (
    BoxConfig,
    CollectionConfig,
    DecodeConfig,
    DiscriminativeConfig,
    FeatureConfig,
    LossConfig,
    MatchingConfig,
    NetworkConfig,
    PriorConfig,
    ProblemConfig,
    RuntimeConfig,
    SaliencyConfig,
    SolverConfig,
    SuperpixelConfig,
    SyntheticConfig,
    TrainingConfig,
)

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
    "changed_settings",
    "describe_range",
    "dump_config",
    "format_assignment",
    "get_preset",
    "load_config",
    "load_config_text",
    "parse_assignment",
    "validate_config",
]

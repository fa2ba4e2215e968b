"""Named starting points, each a few changes to the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_jcc.config.model import JccConfig
from napari_jcc.config.overrides import apply_overrides, changed_settings
from napari_jcc.errors import ConfigError
from napari_jcc.words import describe_unknown


@dataclass(frozen=True)
class Preset:
    """A named set of settings."""

    name: str
    title: str
    description: str
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> JccConfig:
        """Build the settings of this preset."""
        return apply_overrides(JccConfig(), self.overrides)


DEFAULT_PRESET = "fast"

_DEEP: dict[str, Any] = {
    "superpixels.count": 200,
    "superpixels.compactness": 10.0,
    "boxes.method": "auto",
    "features.encoder": "auto",
    "features.superpixels": ["deep"],
    "features.boxes": ["deep"],
    "features.dimensions": 64,
    "problem.nu": 0.3,
    "problem.mu": 1.0,
    "problem.alpha": 0.1,
    "problem.area_min": 0.1,
    "decode.refinement": "smoother",
    "decode.box": "mask",
    "discriminative.spectrum_cutoff": 0.1,
    "solver.tolerance": 1e-4,
}

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "fast",
            "Fast",
            "One object per image, by gradients, colour and saliency. Needs no weights and "
            "no graphics card.",
        ),
        Preset(
            "photo",
            "Photographs",
            "One object per image, by the features of an encoder, which it needs; the best "
            "for photographs.",
            {
                **_DEEP,
                "prior.common": 2.0,
                "prior.matches": 8,
                "boxes.rating": "learned",
                "decode.cut": "learned",
                "decode.box": "fitted",
                "problem.nu": 0.1,
                "problem.mu": 5.0,
            },
        ),
        Preset(
            "microscopy",
            "Microscopy",
            "One object per image, by the features of an encoder, which it needs, and a "
            "classifier of pixels; for images unlike photographs.",
            {**_DEEP, "decode.refinement": "look", "decode.scores_share": 0.5},
        ),
        Preset(
            "many",
            "Many small objects",
            "Several narrow objects per image, such as worms, rods or nuclei, whose width "
            "it measures. Needs no weights.",
            {
                "collection.working_size": 700,
                "superpixels.count": 1500,
                "superpixels.compactness": 10.0,
                "saliency.method": "local_contrast",
                "prior.rounds": 0,
                "boxes.objects": 0,
                "boxes.count": 40,
                "boxes.smallest_area": 0.001,
                "problem.area_min": 0.005,
                "problem.gamma": 0.02,
                "decode.refinement": "look",
                "decode.smallest_piece": 0.0001,
            },
        ),
        Preset(
            "paper",
            "As printed",
            "The program of the paper with its printed weights and constraints. For "
            "comparison only: results are much worse than with the other presets.",
            {
                "superpixels.method": "quickshift",
                "boxes.method": "auto",
                "features.superpixels": ["sift"],
                "discriminative.weighting": "superpixel",
                "discriminative.spectrum_cutoff": 0.1,
                "solver.tolerance": 1e-4,
                "problem.reading": "printed",
                "problem.nu": 0.005,
                "problem.mu": 0.001,
                "problem.alpha": 0.1,
                "problem.gamma": 0.1,
                "problem.area_min": 0.0,
                "problem.area_max": 1.0,
                "problem.superpixel_cost": "log",
                "problem.box_cost": "log_mean",
                "prior.rounds": 0,
                "decode.rounding": "paper",
                "decode.refinement": "grabcut",
                "decode.reach": 1.0,
                "decode.iterations": 3,
                "decode.box": "scores",
            },
        ),
    )
}


def get_preset(name: str) -> JccConfig:
    """Return the settings of the preset called `name`.

    Raises
    ------
    ConfigError
        If there is no such preset; the message lists those there are.
    """
    if not isinstance(name, str):
        raise ConfigError(
            f"{type(name).__name__} is no name of a preset. Known: {', '.join(PRESETS)}."
        )
    if name not in PRESETS:
        raise ConfigError(describe_unknown("preset", name, PRESETS))
    return PRESETS[name].config()


def closest_preset(config: JccConfig, among: Iterable[str] = PRESETS) -> str:
    """Name the preset from which `config` differs in the fewest settings."""
    return min(among, key=lambda name: len(changed_settings(config, get_preset(name))))

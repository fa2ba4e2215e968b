"""Settings used if the default encoder of the presets cannot be loaded."""

from __future__ import annotations

from napari_jcc.config import (
    PRESETS,
    JccConfig,
    apply_overrides,
    changed_settings,
    closest_preset,
    get_preset,
)
from napari_jcc.errors import WeightsError

AUTO = "auto"
DEFAULT_ENCODER = "facebook/dinov2-small"
"""Open licence (Apache 2.0), 88 MB, fast enough for a CPU. That the first principal
component of its features over a set of images splits objects from surroundings is what
the paper shows it by (Oquab et al., DINOv2, TMLR 2024, figure 1)."""
_REPLACEMENT = "fast"


def fall_back(config: JccConfig, error: WeightsError) -> tuple[JccConfig, str]:
    """Return settings without an encoder in place of `config`, and a note that says so.

    Changes of the user to the preset are kept, except those of the encoder.

    Raises
    ------
    WeightsError
        `error`, if the user named the encoder.
    """
    if config.features.encoder != AUTO:
        raise error
    deep = [name for name in PRESETS if get_preset(name).features.encoder == AUTO]
    preset = PRESETS[closest_preset(config, deep)]
    kept = {
        path: value
        for path, value in changed_settings(config, preset.config()).items()
        if not path.startswith(("features.", "prior."))
    }
    note = f'Fell back to the preset "{_REPLACEMENT}"'
    if preset.config().decode.refinement == "look":
        # The pixel classifier needs no encoder, and its masks are as good without.
        kept = {"decode.refinement": "look"} | kept
        note += f' with the refinement of "{preset.name}"'
    else:
        note += ", whose masks are less exact"
    note += f": the encoder of deep features is missing. {error}"
    return apply_overrides(get_preset(_REPLACEMENT), kept), note

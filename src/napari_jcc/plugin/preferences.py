"""What the user prefers, from napari's Preferences."""

from __future__ import annotations

from dataclasses import dataclass

from napari_jcc.config import PRESETS, JccConfig, apply_overrides, get_preset

PLUGIN = "napari-jcc"


@dataclass(frozen=True)
class Preferences:
    """Where every window begins; the values here hold where napari has no such page.

    Attributes
    ----------
    preset
        Preset that the settings start from.
    cache_folder
        Folder that keeps finished stages between sessions; empty: memory only.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    autosave_seconds
        Time between a change and the automatic copy that has it.
    """

    preset: str = "fast"
    cache_folder: str = ""
    device: str = "auto"
    autosave_seconds: int = 10


def read_preferences() -> Preferences:
    """Return the values of the Preferences page; the defaults before napari 0.9."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:
        return Preferences()
    try:
        page = get_plugin_settings(PLUGIN).cosegmentation
    except (KeyError, AttributeError):  # the manifest was not read, or is another one
        return Preferences()
    preset = str(page.preset)
    return Preferences(
        preset=preset if preset in PRESETS else Preferences.preset,
        cache_folder=str(page.cache_folder),
        device=str(page.device),
        autosave_seconds=max(1, int(page.autosave_seconds)),
    )


def preferred_config(preset: str) -> JccConfig:
    """Return the settings of a preset with the user's device and cache folder."""
    preferences = read_preferences()
    return apply_overrides(
        get_preset(preset),
        {
            "runtime.device": preferences.device,
            "runtime.cache_folder": preferences.cache_folder,
        },
    )

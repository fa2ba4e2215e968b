"""What the user prefers, from napari's Preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from napari.settings import get_settings

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
    page = _read_page()
    preset, seconds = page.get("preset"), page.get("autosave_seconds")
    default = Preferences()
    return Preferences(
        preset=str(preset) if preset in PRESETS else default.preset,
        cache_folder=str(page.get("cache_folder", default.cache_folder)),
        device=str(page.get("device", default.device)),
        autosave_seconds=max(1, seconds)
        if isinstance(seconds, int)
        else default.autosave_seconds,
    )


def _read_page() -> Mapping[str, Any]:
    """Values of the page that are not the defaults.

    From the file that napari keeps them in: to be asked for them napari looks for all
    plugins that are installed anew, a hundredth of a second for each.
    """
    path = get_settings().config_path
    if not path:  # this napari keeps them nowhere
        return _ask_napari()
    file = Path(path).with_name(f"{PLUGIN}.yaml")
    try:
        page = yaml.safe_load(file.read_text("utf-8"))["cosegmentation"]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return {}
    return page if isinstance(page, dict) else {}


def _ask_napari() -> Mapping[str, Any]:
    try:
        from napari.settings import get_plugin_settings
    except ImportError:
        return {}
    try:
        page: dict[str, Any] = get_plugin_settings(PLUGIN).cosegmentation.model_dump()
    except (KeyError, AttributeError):  # the manifest was not read, or is another one
        return {}
    return page


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

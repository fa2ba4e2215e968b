"""``napari-jcc config``: print the settings."""

from __future__ import annotations

import typer

from napari_jcc.cli.options import Assignments, ConfigFile, Preset, build_config
from napari_jcc.config import dump_config
from napari_jcc.config.presets import DEFAULT_PRESET


def config(
    preset: Preset = DEFAULT_PRESET,
    config_file: ConfigFile = None,
    assignments: Assignments = None,
) -> None:
    """Print all settings with their meaning and range, as a settings file.

    Example: napari-jcc config --preset fast > settings.toml, then edit the file and
    use it by: napari-jcc segment photos --output out --config settings.toml
    """
    typer.echo(dump_config(build_config(preset, config_file, assignments)), nl=False)

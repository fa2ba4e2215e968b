"""``napari-jcc config``: print the settings."""

from __future__ import annotations

from typing import Annotated

import typer

from napari_jcc.cli import options
from napari_jcc.config import MatchConfig, dump_config
from napari_jcc.config.presets import DEFAULT_PRESET
from napari_jcc.errors import ConfigError


def config(
    preset: options.Preset = DEFAULT_PRESET,
    config_file: options.ConfigFile = None,
    assignments: options.Assignments = None,
    matching: Annotated[
        bool,
        typer.Option(
            "--matching",
            help="Print those of 'train' and 'match' instead, which have no presets.",
        ),
    ] = False,
) -> None:
    """Print all settings with their meaning and range, as a settings file.

    Example: napari-jcc config --preset fast > settings.toml, then edit the file and
    use it by: napari-jcc segment photos --output out --config settings.toml
    """
    if matching:
        if preset != DEFAULT_PRESET:
            raise ConfigError(
                f"--preset {preset} is one for 'segment', and the settings of 'train' and "
                "'match' have no presets. Leave out --preset, or --matching."
            )
        settings = options.adapt_match_config(MatchConfig(), config_file, assignments)
        typer.echo(dump_config(settings), nl=False)
        return
    typer.echo(
        dump_config(options.build_config(preset, config_file, assignments)), nl=False
    )

"""Options that the commands of the matching network share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from napari_jcc.cli.options import add_up
from napari_jcc.config import MatchConfig

MatchConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file (TOML); lines it leaves out keep their values, and --set wins. "
        "'napari-jcc config --matching' prints a complete one.",
        rich_help_panel="Settings",
    ),
]
MatchAssignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="SECTION.FIELD=VALUE",
        help="Change one setting, such as matching.tolerance=0.03; may be repeated.",
        rich_help_panel="Settings",
    ),
]
MatchEncoder = Annotated[
    str | None,
    typer.Option(
        metavar="NAME_OR_PATH",
        help="Network that describes the images: a model of the Hugging Face hub, a folder "
        "of Transformers, or a .pt2 file of torch.export.",
    ),
]
MatchDevice = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Where it runs: auto (the default), cpu, cuda or mps."
    ),
]


def adapt_match_config(
    config: MatchConfig,
    config_file: Path | None = None,
    assignments: Sequence[str] | None = None,
    *,
    encoder: str | None = None,
    device: str | None = None,
) -> MatchConfig:
    """Add up the settings: `config`, then file, then assignments, then options.

    Raises
    ------
    ConfigError
        If a setting is unknown or not allowed, or the file cannot be read.
    """
    options = {"network.encoder": encoder, "training.device": device}
    return add_up(config, config_file, assignments, options)

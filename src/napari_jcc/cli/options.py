"""Options that commands share, and the settings they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_jcc.config import (
    PRESETS,
    JccConfig,
    MatchConfig,
    apply_overrides,
    get_preset,
    load_config,
)
from napari_jcc.config.overrides import ConfigT

_PRESETS = " ".join(f"**{name}**: {p.description}" for name, p in PRESETS.items())


def output(text: str, metavar: str = "OUT") -> Any:
    """Declare the option that says where a command writes; `text` is its help."""
    return typer.Option("--output", "-o", metavar=metavar, help=text)


Preset = Annotated[
    str,
    typer.Option(
        "--preset",
        "-p",
        metavar="NAME",
        help=f"Settings to start from. {_PRESETS}",
        rich_help_panel="Settings",
        autocompletion=lambda: list(PRESETS),
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file (TOML); lines it leaves out keep the preset's values. "
        "'napari-jcc config' prints a complete one.",
        rich_help_panel="Settings",
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="SECTION.FIELD=VALUE",
        help="Change one setting, such as problem.nu=0.2; may be repeated. Wins over "
        "preset and file.",
        rich_help_panel="Settings",
    ),
]
Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH", help="Images, and folders of images."),
]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Search folders inside folders.")
]
Saliency = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Gray images of your own that say what stands out, named as the images.",
    ),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME_OR_PATH",
        help="Network of the presets photo and microscopy: a model of the Hugging Face "
        "hub, a folder of Transformers, or a .pt2 file of torch.export.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Where stages that can use a graphics card run: auto (the default), cpu, "
        "cuda or mps.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Images at the same time; 0, the default: one per core."
    ),
]
CacheFolder = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Keep finished stages for later runs."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Compute on the dask cluster there, such as tcp://host:8786.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")]
Output = Annotated[Path, output("Folder for the results; made if missing.")]
Result = Annotated[
    Path,
    typer.Argument(
        metavar="RESULT_OR_PROJECT",
        help="Folder that 'napari-jcc segment' wrote, or a project (.jcc).",
    ),
]
SetFolder = Annotated[
    Path, typer.Option(metavar="FOLDER", help="Folder of the set, laid out as published.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace the results of a former run; other files stay."
    ),
]


def split_names(text: str) -> list[str]:
    """Names between commas; none where there is no text."""
    return [name.strip() for name in text.split(",") if name.strip()]


def is_default(context: typer.Context, name: str) -> bool:
    """Whether an option was left out."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "DEFAULT"


def build_config(
    start: str | JccConfig,
    config_file: Path | None = None,
    assignments: Sequence[str] | None = None,
    *,
    device: str | None = None,
    encoder: str | None = None,
    saliency: Path | None = None,
    cache: Path | None = None,
    workers: int | None = None,
) -> JccConfig:
    """Add up the settings: the start, then file, assignments, and options of their own.

    `start` is the name of a preset, or settings.

    Raises
    ------
    ConfigError
        If a setting is unknown or not allowed, or the file cannot be read.
    """
    options = {
        "runtime.device": device,
        "features.encoder": encoder,
        "saliency.method": None if saliency is None else "supplied",
        "saliency.folder": None if saliency is None else str(saliency),
        "runtime.cache_folder": None if cache is None else str(cache),
        "runtime.workers": workers,
    }
    config = get_preset(start) if isinstance(start, str) else start
    return add_up(config, config_file, assignments, options)


def add_up(
    config: ConfigT,
    config_file: Path | None,
    assignments: Sequence[str] | None,
    options: Mapping[str, Any],
) -> ConfigT:
    """Change settings by a file, then assignments, then options that are not None.

    Raises
    ------
    ConfigError
        As `build_config`.
    """
    if config_file is not None:
        config = load_config(config_file, base=config)
    config = apply_overrides(config, assignments or ())
    given = {path: value for path, value in options.items() if value is not None}
    return apply_overrides(config, given)


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
Facing = Annotated[
    str | None,
    typer.Option(
        metavar="WAYS",
        help="How images may lie beside each other: as_is (the default): all alike; "
        "mirrored: some left for right; any: some mirrored, turned by quarters, or both.",
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
    facing: str | None = None,
) -> MatchConfig:
    """Add up the settings: `config`, then file, then assignments, then options.

    Raises
    ------
    ConfigError
        If a setting is unknown or not allowed, or the file cannot be read.
    """
    options = {
        "network.encoder": encoder,
        "training.device": device,
        "matching.facing": facing,
    }
    return add_up(config, config_file, assignments, options)

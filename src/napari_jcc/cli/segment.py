"""``napari-jcc segment``: from images to masks and boxes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_jcc.cli import options
from napari_jcc.cli.images import open_images, open_project
from napari_jcc.config.presets import DEFAULT_PRESET, closest_preset

if TYPE_CHECKING:
    from napari_jcc.collection import ImageCollection
    from napari_jcc.config import JccConfig
    from napari_jcc.project import Project
    from napari_jcc.results import JccResult

Corrections = Annotated[
    Path | None,
    typer.Option(
        metavar="PROJECT",
        help="A project (.jcc) whose corrections are learned from. The settings start from "
        "those of the project unless --preset is given.",
    ),
]


def segment(
    context: typer.Context,
    paths: options.Paths,
    output: options.Output,
    preset: options.Preset = DEFAULT_PRESET,
    config_file: options.ConfigFile = None,
    assignments: options.Assignments = None,
    recursive: options.Recursive = False,
    overwrite: options.Overwrite = False,
    corrections: Corrections = None,
    saliency: options.Saliency = None,
    encoder: options.EncoderName = None,
    device: options.Device = None,
    workers: options.Workers = None,
    cache: options.CacheFolder = None,
    scheduler: options.Scheduler = None,
    quiet: options.Quiet = False,
) -> None:
    """Segment the object that all images share.

    Writes masks/NAME.png (0 and 255), boxes.csv, overview.png and run.json to OUT.

    Example: napari-jcc segment photos --output out

    Example: napari-jcc segment photos --output out --preset photo --encoder resnet.pt2

    Example: napari-jcc segment photos -o out --overwrite --set problem.nu=0.2 --cache cache

    Example: napari-jcc segment new_photos -o out --corrections cows.jcc
    """
    from napari_jcc.cli.cluster import connect
    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.cli.report import show_summary
    from napari_jcc.results import check_output, equivalent_command, write_result

    project = None if corrections is None else open_project(corrections)
    own = project if options.is_default(context, "preset") else None
    config = options.build_config(
        preset if own is None else own.config,
        config_file,
        assignments,
        device=device,
        encoder=encoder,
        saliency=saliency,
        cache=cache,
        workers=workers,
    )
    preset = preset if own is None else closest_preset(config)
    _check_encoder(encoder, config, preset)
    images = open_images(paths, config.collection, recursive=recursive, quiet=quiet)
    images = leave_out_results(images, output)
    check_output(output, overwrite, images.names)
    with TerminalProgress(quiet) as progress, connect(scheduler) as client:
        result = _solve(images, project, config, client=client, progress=progress)
    command = equivalent_command(
        paths, output, config, preset, recursive=recursive, corrections=corrections
    )
    corrected = () if project is None else _list_corrected(images, project)
    write_result(
        result, output, images, overwrite=overwrite, command=command, corrected=corrected
    )
    if not quiet:
        show_summary(result, output)


def _solve(
    images: ImageCollection, project: Project | None, config: JccConfig, **means: Any
) -> JccResult:
    """Run on images alone, or with the corrections of a project."""
    from napari_jcc.pipeline import Run
    from napari_jcc.project import segment_taught

    if project is None:
        return Run(images, config, **means).result()
    return segment_taught(images, project, config, **means)


def _list_corrected(images: ImageCollection, project: Project) -> list[str]:
    """Names of the images that were drawn on in a project, recognised by their content."""
    from napari_jcc.interaction import image_keys

    keys = image_keys(images)
    places = project.edits.adopt(keys).edited_places(keys)
    return [images.names[place] for place in places]


def _check_encoder(encoder: str | None, config: JccConfig, preset: str) -> None:
    """Refuse an encoder that no stage would ask."""
    from napari_jcc.errors import ConfigError

    if encoder is not None and not config.uses_encoder:
        raise ConfigError(
            f"--encoder is given, but these settings (preset {preset}) use no encoder. Add "
            "--preset photo or --preset microscopy, or leave it out."
        )


def leave_out_results(images: ImageCollection, out: Path) -> ImageCollection:
    """Leave out what a former run wrote, where `out` lies among the images.

    Raises
    ------
    InputError
        If nothing else is there.
    """
    from napari_jcc.errors import InputError
    from napari_jcc.results.names import RESULT

    own = {(out / file).resolve() for file in RESULT.own_files(out)}
    places = [images.location(number) for number in range(len(images))]
    keep = [i for i, place in enumerate(places) if Path(place).resolve() not in own]
    if not keep:
        raise InputError(
            f"All images are results of a former run in {out}. Name a folder of images."
        )
    found = sorted(set(places) - {places[i] for i in keep})
    if not found:
        return images
    return images.select(keep, dict.fromkeys(found, "a result of a former run"))

"""``napari-jcc train``: a matching network learned from the images alone."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.cli import options
from napari_jcc.cli.images import open_images
from napari_jcc.words import STAGE_TITLES, describe_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.config import MatchConfig
    from napari_jcc.matching.training import Checkpoint, Record

STAGES = {
    "synthetic": "synthetic.steps",
    "weak": "training.epochs",
    "agreed": "training.agreed_steps",
}
"""Stages of training, and the setting that is 0 where a stage is left out."""

NetworkFile = Annotated[
    Path,
    options.output(
        "File for the network; CKPT.jsonl beside it gets the loss of every step.",
        metavar="CKPT",
    ),
]
Stages = Annotated[
    str,
    typer.Option(
        metavar="A,B",
        help="synthetic: known transformations of single images. weak: pairs of the "
        "set. agreed: matches through other images of the set. Default: all three.",
    ),
]
Start = Annotated[
    Path | None,
    typer.Option(metavar="CKPT", help="Start from the weights of another checkpoint."),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on from CKPT, with the settings in it, where a run was stopped; begin "
        "where there is no CKPT.",
    ),
]


def train(
    paths: options.Paths,
    output: NetworkFile,
    encoder: options.MatchEncoder = None,
    config_file: options.MatchConfigFile = None,
    assignments: options.MatchAssignments = None,
    stages: Stages = "",
    start: Start = None,
    resume: Resume = False,
    recursive: options.Recursive = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Train anew where CKPT is there.")
    ] = False,
    device: options.MatchDevice = None,
    quiet: options.Quiet = False,
) -> None:
    """Train a matching network on images of one kind of object, without any labels.

    Ctrl-C keeps what was learned; the same command with --resume goes on from there, also
    after the program was killed. Without --encoder a small network is learned from nothing,
    which is good for trying the program only.

    Example: napari-jcc train wings --output wings.ckpt --encoder resnet.pt2

    Example: napari-jcc train wings --output wings.ckpt --resume
    """
    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.matching.outputs import train_command

    run = load_training()
    base = choose_base(output, resume=resume, overwrite=overwrite)
    config = options.adapt_match_config(
        base, config_file, assignments, encoder=encoder, device=device
    )
    config = choose_stages(config, stages)
    images = open_images(paths, config.collection, recursive=recursive, quiet=quiet)
    before = _stamp(output)
    if resume and before is None and not quiet:
        typer.echo(f"Note: there is no {output} yet; training begins.", err=True)
    again = train_command(paths, output, config, resume=True, recursive=recursive)
    telling = _telling_what_is_kept(output, again, resume=resume)
    with telling, TerminalProgress(quiet) as progress:
        finished = run(
            images,
            config,
            output,
            resume=resume,
            start=start,
            progress=progress,
            watch=show_losses(progress),
        )
    if quiet:
        return
    if resume and _stamp(output) == before:
        typer.echo("Note: training had come to its end before; nothing was done.", err=True)
    _show(finished, output, paths, recursive=recursive)


@contextmanager
def _telling_what_is_kept(output: Path, again: str, *, resume: bool) -> Iterator[None]:
    """Say of a cancel what there is, and the command that goes on with it."""
    from napari_jcc.errors import Cancelled

    before = _stamp(output)
    try:
        yield
    except Cancelled as error:
        if _stamp(output) in ((None,) if resume else (None, before)):
            raise Cancelled("Cancelled before the first step; nothing new is kept.") from (
                error
            )
        raise Cancelled(
            f"Cancelled; {output} keeps what was learned. Go on by: {again}"
        ) from error


def _stamp(path: Path) -> int | None:
    """When a file was written last; None if there is none."""
    return path.stat().st_mtime_ns if path.is_file() else None


def load_training() -> Callable[..., Checkpoint]:
    """Return the function that trains.

    Raises
    ------
    WeightsError
        If torch is missing.
    """
    from napari_jcc.matching.outputs import needing_torch

    with needing_torch():
        from napari_jcc.matching.training import train as run
    return run


def choose_base(output: Path, *, resume: bool, overwrite: bool) -> MatchConfig:
    """Return the settings to start from: those of a run gone on with, or the defaults.

    Raises
    ------
    OutputError
        If `output` is there, and neither to be gone on with nor replaced.
    WeightsError
        If it is to be gone on with, and damaged.
    """
    from napari_jcc.config import MatchConfig
    from napari_jcc.errors import ConfigError, OutputError
    from napari_jcc.matching.training import Checkpoint

    if resume and overwrite:
        raise ConfigError("--resume goes on and --overwrite begins anew. Give one of them.")
    if output.is_dir():
        raise OutputError(
            f"{output} is a folder. Name a file, such as {output / 'a.ckpt'}."
        )
    if output.exists() and not (resume or overwrite):
        raise OutputError(
            f"{output} is there. Add --resume to go on with it, --overwrite to train anew, "
            "or name another file."
        )
    if resume and output.exists():
        return Checkpoint.load(output).config
    return MatchConfig()


def choose_stages(config: MatchConfig, stages: str) -> MatchConfig:
    """Leave out the stages that are not listed; all stay where `stages` is empty.

    Raises
    ------
    ConfigError
        If a stage is unknown.
    """
    from napari_jcc.config import apply_overrides
    from napari_jcc.errors import ConfigError

    wanted = options.split_names(stages)
    for name in wanted:
        if name not in STAGES:
            raise ConfigError(describe_unknown("stage", name, STAGES))
    left_out = [path for name, path in STAGES.items() if wanted and name not in wanted]
    return apply_overrides(config, dict.fromkeys(left_out, 0))


def show_losses(progress: TerminalProgress) -> Callable[[Record], None]:
    """Return what puts the loss, and that of the last check, before the bar."""
    checked: dict[str, str] = {}

    def watch(record: Record) -> None:
        stage = str(record["stage"])
        if "check.total" in record:
            checked[stage] = (
                f", held out {float(record['check.total']):.4g} "
                f"(best: step {record['best_step']})"
            )
        if "total" not in record:
            return
        held_out = checked.get(stage, "")
        loss = f"loss {float(record['total']):.4g}{held_out}"
        progress.describe(f"Training, {STAGE_TITLES.get(stage, stage)}: {loss}")

    return watch


def _show(
    finished: Checkpoint, output: Path, paths: list[Path], *, recursive: bool
) -> None:
    import shlex

    masks = " and masks" if finished.provenance.get("masks") else ", no masks"
    typer.echo(f"Network  {output} (transformations{masks})")
    for stage, kept in finished.provenance.get("kept", {}).items():
        typer.echo(f"Kept     {_describe_kept(stage, kept)}")
    typer.echo(f"Losses   {output.name}.jsonl beside it")
    alone = len(finished.provenance["images"]) < 2
    images = ["IMAGES"] if alone else map(str, paths)
    words = ["napari-jcc", "match", *images, "--checkpoint", str(output)]
    words += ["--recursive"] if recursive and not alone else []
    typer.echo(f"Next     {shlex.join([*words, '--output', 'OUT'])}")


def _describe_kept(stage: str, kept: dict[str, int]) -> str:
    """Say which step's weights a stage has left, and whether it ended early."""
    text = f"{STAGE_TITLES.get(stage, stage)}: step {kept['step']} of {kept['steps']}"
    if kept["step"] < kept["done"]:
        text += ", best on held-out pairs"
    if kept["done"] < kept["steps"]:
        text += (
            f"; ended after {kept['done']}, no better for training.patience checks "
            "(0: never ends early)"
        )
    return text

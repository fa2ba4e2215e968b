"""Train the network on a collection, from the start or from where it stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from napari_jcc.atomic import explained
from napari_jcc.collection import ImageCollection
from napari_jcc.config import LossConfig, MatchConfig, changed_settings
from napari_jcc.errors import ConfigError, InputError
from napari_jcc.matching.network import MaCoSNet, build_network
from napari_jcc.matching.network.checkpoint import (
    Checkpoint,
    describe_origin,
    trained_weights,
)
from napari_jcc.matching.training.engine import Engine
from napari_jcc.matching.training.fabric import start_fabric
from napari_jcc.matching.training.first_masks import FirstMasksStage
from napari_jcc.matching.training.images import load_guides, load_images
from napari_jcc.matching.training.log import Record, TrainingLog
from napari_jcc.matching.training.loop import StageState
from napari_jcc.matching.training.pair_views import PairViews, trains_encoder
from napari_jcc.matching.training.pseudo_labels import LABEL_SETTINGS, UNUSED_SETTINGS
from napari_jcc.matching.training.self_training import (
    FEWEST_IMAGES,
    SelfTrainingStage,
    uses_self_training,
)
from napari_jcc.matching.training.stage import Stage
from napari_jcc.matching.training.synthetic import SyntheticStage
from napari_jcc.matching.training.weak import WeakStage
from napari_jcc.progress import Progress, as_progress

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import Tensor

logger = logging.getLogger(__name__)

VIEW_MARGIN = 1.25
"""Size at which images are kept, relative to the network's input: crops stay sharp."""


def train(
    collection: ImageCollection,
    config: MatchConfig,
    output: str | Path,
    *,
    resume: bool = False,
    start: str | Path | None = None,
    progress: Progress | None = None,
    watch: Callable[[Record], None] | None = None,
) -> Checkpoint:
    """Train the network and save it.

    Beside the checkpoint, ``<output>.jsonl`` gets a line for every step and check. The
    checkpoint is written after every check, and is whole whenever the run is killed.

    Parameters
    ----------
    collection
        Images that show the same kind of object; the first stage takes any.
    config
        All settings.
    output
        The checkpoint.
    resume
        Go on from `output` if it is there. Under the same settings, images and number of
        devices, the answer is that of a run that was never interrupted.
    start
        Checkpoint whose weights to start from, such as one of the first stage alone.
    progress
        Told of every step; cancelling keeps a checkpoint to resume from.
    watch
        Called with every record of the log.

    Raises
    ------
    InputError
        If there are too few images for the stages asked for, or a mask is missing.
    ConfigError
        If there is nothing to train, or `resume` with other settings, or `start` with
        another cascade.
    WeightsError
        If encoder or checkpoint cannot be used.
    OutputError
        If nothing can be written where `output` is to be.
    TrainingError
        If a loss is not finite or the memory does not suffice.
    Cancelled
        If the progress was cancelled.
    """
    output = Path(output)
    progress = as_progress(progress)
    check_input(collection, config)
    _check_place(output)
    previous = Checkpoint.load(output) if resume and output.is_file() else None
    if previous is not None:
        _require_same(previous.config, config)
        if previous.training is None:
            return previous
    fabric = start_fabric(config.training)
    network = build_network(config.network, str(fabric.device), config.training.seed)
    origin = describe_origin(network, collection)
    if previous is not None:
        previous.restore(network)
        origin = previous.provenance
    elif start is not None:
        first = Checkpoint.load(start)
        _require_same_cascade(first.config, config)
        first.restore(network)
        origin["masks"] = first.provenance.get("masks", False)
    side = round(config.network.input_size * VIEW_MARGIN)
    images = load_images(collection, side, progress)
    guides = load_guides(collection, config.training.masks, side)
    data = collection, images, guides
    run = _Run(network, data, config, output, origin, previous)
    return run.finish(fabric, TrainingLog(output, watch), progress)


def check_input(collection: ImageCollection, config: MatchConfig) -> None:
    """Check that the settings and the number of images allow training.

    Raises
    ------
    InputError
        If there are too few images for the stages asked for.
    ConfigError
        If all stages are left out, or all parts of the second.
    """
    training = config.training
    agreed = uses_self_training(config)
    if not (config.synthetic.steps or training.epochs or agreed):
        raise ConfigError(
            "synthetic.steps and training.epochs are both 0, and training.agreed_steps is "
            "too, or losses.use_matching off, so there is nothing to train. Raise one of "
            "them."
        )
    if training.epochs and not _has_terms(config.losses, len(collection)):
        raise ConfigError(
            "The second stage has nothing to train: losses.use_matching and "
            "losses.use_segmentation are both off, or the weights of all terms of those "
            "that are on are 0. Raise one, or set training.epochs to 0."
        )
    if config.training.epochs and len(collection) < 2:
        raise InputError(
            f"Training on pairs needs at least 2 images of the object, got "
            f"{len(collection)}. Add images, or train the first stage only, on known "
            "transformations (--stages synthetic, or training.epochs = 0)."
        )
    alone = agreed and not (config.synthetic.steps or training.epochs)
    if alone and len(collection) < FEWEST_IMAGES:
        raise InputError(
            f"The stage agreed needs at least {FEWEST_IMAGES} images, got "
            f"{len(collection)}. Add images, or train another stage too."
        )


def _has_terms(losses: LossConfig, images: int) -> bool:
    """Whether a term of the second stage's loss counts, for that many images."""
    transitivity = losses.transitivity if images > 2 else 0.0
    geometry = losses.use_matching and losses.matching + losses.cycle + transitivity > 0
    contrast = losses.use_segmentation and losses.contrast > 0
    both = losses.use_matching and losses.use_segmentation
    return geometry or contrast or (both and losses.consistency > 0)


def _check_place(output: Path) -> None:
    """Check before training that the checkpoint can be written."""
    with explained(output, "the network"):
        output.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=output.parent):
            pass


class _Run:
    """The stages of one run, with what is needed to write checkpoints."""

    def __init__(
        self,
        network: MaCoSNet,
        data: tuple[ImageCollection, Tensor, Tensor | None],
        config: MatchConfig,
        output: Path,
        origin: dict[str, Any],
        previous: Checkpoint | None,
    ) -> None:
        collection, images, guides = data
        self._network = network
        self._config = config
        self._output = output
        self._origin = origin
        training = (previous.training if previous else None) or {"stage": 0, "state": {}}
        self._stage: int = training["stage"]
        self._state = StageState(**training["state"])
        self._stages: list[Stage] = []
        if config.synthetic.steps:
            self._stages.append(SyntheticStage(network, images, config))
        if config.training.epochs:
            views = PairViews(images, config, guides)
            if config.losses.use_segmentation and config.training.mask_steps:
                self._stages.append(FirstMasksStage(network, views, config))
            self._stages.append(WeakStage(network, views, config))
        if uses_self_training(config) and len(collection) >= FEWEST_IMAGES:
            self._stages.append(SelfTrainingStage(network, collection, config))

    def finish(self, fabric: Fabric, log: TrainingLog, progress: Progress) -> Checkpoint:
        """Run what is left of the stages; write and return the finished checkpoint."""
        if fabric.global_rank == 0:
            names = [stage.name for stage in self._stages]
            log.rewind((self._stage, self._state.step), names)
        engine = Engine(fabric, self._config.training, log, progress, self._save)
        for stage in self._stages[self._stage :]:
            engine.run(stage, self._state)
            self._note_kept(stage)
            self._stage += 1
            self._state = StageState()
        finished = self._checkpoint(None)
        if fabric.global_rank == 0:
            finished.save(self._output)
        return finished

    def _note_kept(self, stage: Stage) -> None:
        """Note which weights a finished stage has left, and whether it ended early."""
        state = self._state
        self._origin["kept"] = {
            **self._origin.get("kept", {}),
            stage.name: {
                "step": state.best_step or state.step,
                "done": state.step,
                "steps": stage.steps,
            },
        }

    def _save(self, state: StageState) -> None:
        training = {"stage": self._stage, "state": vars(state)}
        self._checkpoint(training).save(self._output)

    def _checkpoint(self, training: dict[str, Any] | None) -> Checkpoint:
        config = self._config
        weights = trained_weights(self._network, with_encoder=trains_encoder(config))
        started = any(stage.name == "weak" for stage in self._stages[: self._stage + 1])
        masks = started and config.losses.use_segmentation
        origin = {**self._origin, "masks": masks or self._origin.get("masks", False)}
        return Checkpoint(config, weights, origin, training)


def _require_same(before: MatchConfig, now: MatchConfig) -> None:
    # Another path may hold the same encoder, which is checked by its hash.
    ignored = {"training.device", "network.encoder", *LABEL_SETTINGS, *UNUSED_SETTINGS}
    changed = [
        name
        for name in changed_settings(now, before)
        if name not in ignored
        and (uses_self_training(before) or not name.startswith("matching."))
    ]
    if changed:
        raise ConfigError(
            f"The checkpoint was trained with another {', '.join(changed)}. Resume with "
            "the same settings, or train anew to another file."
        )


def _require_same_cascade(first: MatchConfig, now: MatchConfig) -> None:
    """Refuse weights whose spline head was trained on the other kind of input."""
    if first.network.cascade != now.network.cascade:
        raise ConfigError(
            "The checkpoint to start from was trained with network.cascade="
            f"{first.network.cascade}, these settings say {now.network.cascade}. Set the "
            "same (--set), or start without it."
        )

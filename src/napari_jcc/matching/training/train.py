"""Train the network on a collection, from the start or from where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig
from napari_jcc.matching.network import MaCoSNet, build_network
from napari_jcc.matching.network.checkpoint import (
    Checkpoint,
    describe_origin,
    trained_weights,
)
from napari_jcc.matching.training.check import (
    check_input,
    check_place,
    require_same,
    require_same_cascade,
)
from napari_jcc.matching.training.engine import Engine
from napari_jcc.matching.training.fabric import start_fabric
from napari_jcc.matching.training.first_masks import FirstMasksStage
from napari_jcc.matching.training.images import load_guides, load_images
from napari_jcc.matching.training.log import Record, TrainingLog
from napari_jcc.matching.training.loop import StageState
from napari_jcc.matching.training.pair_views import PairViews, trains_encoder
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
        Go on from `output` if it is there: by the same settings, images and number of
        devices to the answer of a run that was never interrupted.
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
        If there is nothing to train, or a checkpoint is of other settings.
    WeightsError
        If encoder or checkpoint cannot be used.
    OutputError
        If nothing can be written where `output` is to be.
    TrainingError
        If a loss is not finite or the memory does not suffice.
    Cancelled
        If the progress was cancelled.
    """
    output, progress = Path(output), as_progress(progress)
    check_input(collection, config)
    check_place(output)
    previous = _load_previous(output, config) if resume else None
    if previous is not None and previous.training is None:
        return previous
    fabric = start_fabric(config.training)
    network, origin = _begin(collection, config, fabric, previous, start)
    stages = _make_stages(network, collection, config, progress)
    run = _Run(network, stages, config, output, origin, previous)
    return run.finish(fabric, TrainingLog(output, watch), progress)


def _load_previous(output: Path, config: MatchConfig) -> Checkpoint | None:
    """Load the checkpoint to go on from, if there is one."""
    if not output.is_file():
        return None
    previous = Checkpoint.load(output)
    require_same(previous.config, config)
    return previous


def _begin(
    collection: ImageCollection,
    config: MatchConfig,
    fabric: Fabric,
    previous: Checkpoint | None,
    start: str | Path | None,
) -> tuple[MaCoSNet, dict[str, Any]]:
    """Return the network with the weights to start from, and its provenance."""
    network = build_network(config.network, str(fabric.device), config.training.seed)
    origin = describe_origin(network, collection)
    if previous is not None:
        previous.restore(network)
        return network, previous.provenance
    if start is not None:
        first = Checkpoint.load(start)
        require_same_cascade(first.config, config)
        first.restore(network)
        origin["masks"] = first.provenance.get("masks", False)
    return network, origin


def _make_stages(
    network: MaCoSNet, collection: ImageCollection, config: MatchConfig, progress: Progress
) -> list[Stage]:
    """Read the images, and return the stages that the settings ask for."""
    side = round(config.network.input_size * VIEW_MARGIN)
    images = load_images(collection, side, progress)
    guides = load_guides(collection, config.training.masks, side)
    stages: list[Stage] = []
    if config.synthetic.steps:
        stages.append(SyntheticStage(network, images, config))
    if config.training.epochs:
        views = PairViews(images, config, guides)
        if config.losses.use_segmentation and config.training.mask_steps:
            stages.append(FirstMasksStage(network, views, config))
        stages.append(WeakStage(network, views, config))
    if uses_self_training(config) and len(collection) >= FEWEST_IMAGES:
        stages.append(SelfTrainingStage(network, collection, config))
    return stages


class _Run:
    """The stages of one run, with what is needed to write checkpoints."""

    def __init__(
        self,
        network: MaCoSNet,
        stages: list[Stage],
        config: MatchConfig,
        output: Path,
        origin: dict[str, Any],
        previous: Checkpoint | None,
    ) -> None:
        self._network, self._stages = network, stages
        self._config = config
        self._output = output
        self._origin = origin
        training = (previous.training if previous else None) or {"stage": 0, "state": {}}
        self._stage: int = training["stage"]
        self._state = StageState(**training["state"])

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

"""The training loop, on whatever devices Lightning Fabric offers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from napari_jcc.config import TrainingConfig
from napari_jcc.errors import Cancelled
from napari_jcc.matching.training.log import Record, TrainingLog
from napari_jcc.matching.training.loop import Loop, StageState
from napari_jcc.matching.training.stage import Stage
from napari_jcc.progress import Progress
from napari_jcc.words import STAGE_TITLES

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Engine:
    """Runs a stage step by step.

    Parameters
    ----------
    fabric
        Devices and precision.
    config
        Settings of the training.
    log
        Gets a record of every step and check.
    progress
        Told of every step; cancels.
    save
        Called with the state whenever a checkpoint is due, on the first device only.
    """

    def __init__(
        self,
        fabric: Fabric,
        config: TrainingConfig,
        log: TrainingLog,
        progress: Progress,
        save: Callable[[StageState], None],
    ) -> None:
        self._fabric = fabric
        self._config = config
        self._log = log
        self._progress = progress
        self._save = save

    def run(self, stage: Stage, state: StageState) -> None:
        """Train to the end of the stage; the objective then has its best weights.

        A checkpoint is written after every check, and when the user cancels.

        Raises
        ------
        TrainingError
            If a loss or gradient is not finite, or the memory does not suffice for a
            single sample. The last checkpoint stays.
        Cancelled
            If the progress was cancelled.
        """
        loop = Loop(self._fabric, self._config, stage, state)
        stage.prepare(self._fabric.device, self._progress)
        held_out = [batch.to(self._fabric.device) for batch in stage.held_out()]
        self._progress.start(
            f"Training, {STAGE_TITLES.get(stage.name, stage.name)}", stage.steps
        )
        self._progress.advance(state.step)
        begun = time.perf_counter()
        try:
            while state.step < stage.steps and not self._is_stale(state):
                terms = loop.step()
                self._write(stage, state, loop, terms, begun)
                last = state.step == stage.steps
                if last or state.step % self._config.check_every == 0:
                    if held_out:
                        checked = loop.check(held_out)
                        self._write(stage, state, loop, checked, begun, "check.")
                    self._keep(state, loop)
                self._progress.advance()
        except Cancelled:
            self._keep(state, loop)
            raise
        loop.finish()

    def _keep(self, state: StageState, loop: Loop) -> None:
        loop.note_optimizer()
        if self._fabric.global_rank == 0:
            self._save(state)

    def _is_stale(self, state: StageState) -> bool:
        return 0 < self._config.patience <= state.stale

    def _write(
        self,
        stage: Stage,
        state: StageState,
        loop: Loop,
        terms: Mapping[str, float],
        begun: float,
        prefix: str = "",
    ) -> None:
        if self._fabric.global_rank != 0:
            return
        record: Record = {
            "stage": stage.name,
            "step": state.step,
            "steps": stage.steps,
            "seconds": round(time.perf_counter() - begun, 3),
            "learning_rate": loop.rate,
            **{f"{prefix}{name}": value for name, value in terms.items()},
            **({"best_step": state.best_step} if prefix else {}),
        }
        self._log.write(record)

"""Training the matching network on the chosen images, in a worker thread."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qtpy.QtCore import QObject, Signal

from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.errors import ConfigError
from napari_jcc.matching.outputs import needing_torch
from napari_jcc.plugin.source import find_source
from napari_jcc.progress import Progress
from napari_jcc.words import how_to_install

if TYPE_CHECKING:
    from napari.layers import Image

_PACKAGES = "torch", "lightning_fabric"


def why_no_training() -> str:
    """Say what must be installed to train; empty when nothing. Loads nothing."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if not missing:
        return ""
    names = " and ".join(name.replace("_", "-") for name in missing)
    return (
        f"Training needs {names}, not installed here. {how_to_install('match')}, and start "
        "napari again. Match works without."
    )


class Trained(NamedTuple):
    """A network trained to its end; `before` if that was so when the job began."""

    path: Path
    before: bool


class TrainingJob(QObject):
    """One training run, its losses as signals.

    Parameters
    ----------
    chosen
        Image layers; read here, never changed.
    config
        All settings. When going on, those in the checkpoint count, but for the device and,
        where the encoder has moved, the encoder.
    output
        The checkpoint.
    resume
        Whether to go on from it.

    Attributes
    ----------
    recorded
        Signal with the records of one or several steps and checks, oldest first.
    """

    recorded = Signal(object)

    def __init__(
        self, chosen: Sequence[Image], config: MatchConfig, output: Path, *, resume: bool
    ) -> None:
        super().__init__()
        self._chosen, self._config = tuple(chosen), config
        self._output, self._resume = output, resume

    def run(self, progress: Progress) -> Trained:
        """Train, and return the network.

        Raises
        ------
        JccError
            If images, settings or checkpoint cannot be used, memory does not suffice, or
            torch is missing. What was learned before is kept.
        """
        with needing_torch():
            from napari_jcc.matching.training import Checkpoint, train
            from napari_jcc.matching.training.log import read_records
        config, before = self._config, False
        if self._resume:
            saved = Checkpoint.load(self._output)
            config, before = self._move(saved.config), saved.training is None
            self.recorded.emit(read_records(self._output))
        _require_one_process(config)
        source = find_source(self._chosen, config.collection)
        train(
            source.collection,
            config,
            self._output,
            resume=self._resume,
            progress=progress,
            watch=lambda record: self.recorded.emit([dict(record)]),
        )
        return Trained(self._output, before)

    def _move(self, saved: MatchConfig) -> MatchConfig:
        """Take the settings of a checkpoint, but the device and encoder that are here."""
        changes: dict[str, Any] = {"training.device": self._config.training.device}
        here = self._config.network.encoder
        if here and not Path(saved.network.encoder).expanduser().exists():
            changes["network.encoder"] = here
        return apply_overrides(saved, changes)


def _require_one_process(config: MatchConfig) -> None:
    """Refuse to share the work: the other processes would each start napari again."""
    devices, nodes = config.training.devices, config.training.nodes
    if (devices, nodes) != (1, 1):
        raise ConfigError(
            f"training.devices is {devices} and training.nodes is {nodes}, but a window "
            "trains on one device. Set both to 1, or train by the command (Copy command)."
        )

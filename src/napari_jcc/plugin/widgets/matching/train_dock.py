"""Train a matching network on the chosen images, watch it learn, stop and go on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QLabel

from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.errors import ConfigError
from napari_jcc.matching.outputs import train_command
from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.matching.training import Trained, TrainingJob, why_no_training
from napari_jcc.plugin.source import find_inputs
from napari_jcc.plugin.widgets.clipboard import copy_command
from napari_jcc.plugin.widgets.dock import NO_IMAGES
from napari_jcc.plugin.widgets.images_dock import ImagesDock
from napari_jcc.plugin.widgets.matching.loss_plot import LossPlot
from napari_jcc.plugin.widgets.matching.matcher_chooser import CHECKPOINTS
from napari_jcc.plugin.widgets.parts import fill_dock, in_row, push_button, scrolled
from napari_jcc.plugin.widgets.questions import confirm
from napari_jcc.plugin.widgets.settings.form import SettingsForm
from napari_jcc.plugin.widgets.settings.path_editors import FileEditor

if TYPE_CHECKING:
    import napari

_SUFFIX = ".ckpt"


class TrainDock(ImagesDock):
    """Trains the matching network; needs no labels."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer, "&Train")
        self._job: TrainingJob | None = None
        self._missing = why_no_training()
        device = self.session.config.runtime.device
        self.form = SettingsForm(
            apply_overrides(MatchConfig(), {"training.device": device})
        )
        self.output = FileEditor("Save the network as", CHECKPOINTS, new=True)
        self.output.set_hint(f"file for the network ({_SUFFIX})")
        self.plot = LossPlot()
        self.resume_button = push_button("&Resume", "", self.resume)
        self.use_button = push_button(
            "&Use in Match", "Open the dock Match with this network", self.use
        )
        self.copy_button = push_button(
            "Cop&y command", "Copy the command that trains so", self.copy_command
        )
        self._build()
        self._connect()
        self.panel.set_status(self._missing)
        self.begin()

    @property
    def path(self) -> Path | None:
        """File of the network; None while none is chosen."""
        text = self.output.value()
        if not text:
            return None
        path = Path(os.path.expanduser(text))  # that of Path fails for ~nobody
        if not path.name:  # a folder that has none, as / is when a path is begun
            return None
        return path if path.suffix else path.with_name(path.name + _SUFFIX)

    def run(self, *, resume: bool = False) -> None:
        """Train anew, or go on where a run was stopped; returns at once."""
        path = self.path
        if self.running or path is None or not self.session.chosen:
            return
        try:
            config = self.form.config()
        except ConfigError as error:
            self.panel.set_status(str(error))
            return
        self.plot.clear()
        job = TrainingJob(self.session.chosen, config, path, resume=resume)
        job.recorded.connect(self._on_records)
        self._job = job
        self.start("Train", job.run, self._on_trained, lasting=True)
        self.refresh()

    def resume(self) -> None:
        """Go on where the run in the chosen file was stopped; returns at once."""
        self.run(resume=True)

    def use(self) -> None:
        """Open the dock Match with this network."""
        if self.path is not None:
            open_dock(self._viewer, "Match").matcher.use_network(str(self.path))

    def copy_command(self) -> None:
        """Put the command that trains so on the clipboard, or say why there is none."""
        inputs, path = find_inputs(self.session.chosen), self.path
        try:
            command = train_command(inputs, path or f"network{_SUFFIX}", self.form.config())
        except ConfigError as error:
            self.panel.set_status(str(error))
            return
        copy_command(command if inputs else "", self.panel.set_status)

    def finish(self) -> None:
        """Say what a cancelled run has kept."""
        cancelled = any(task.cancelled for task in self._tasks)
        kept = self.path is not None and self.path.is_file()
        super().finish()
        if cancelled:
            self.panel.set_status(
                f"Cancelled. {self.path} keeps what was learned; Resume goes on from there."
                if kept
                else "Cancelled before the first step; nothing is kept."
            )

    def refresh(self) -> None:
        """Show what can be done now."""
        path = self.path
        missing = self._missing or self.form.error
        if not self.session.chosen:
            missing = missing or NO_IMAGES
        if path is None:
            missing = missing or "Name the file that the network is written to."
        there = path is not None and path.is_file()
        self.show_need(missing, "Learn from the images alone")
        self.resume_button.setEnabled(there and not missing and not self.running)
        self.resume_button.setToolTip(
            "Go on where the run was stopped, with its settings; name its encoder above if "
            "that has moved"
            if there
            else "There is no network in the file yet"
        )
        self.use_button.setEnabled(there)

    def _build(self) -> None:
        fill_dock(
            self,
            self.chooser,
            in_row(QLabel("Network"), (self.output, 1)),
            (scrolled(self.form), 1),
            self.plot,
            self.panel,
            in_row(self.resume_button, self.use_button, self.copy_button),
        )

    def _connect(self) -> None:
        self.form.changed.connect(self.refresh)
        self.output.changed.connect(self.refresh)
        self.panel.run_wanted.connect(self._ask_run)

    def _on_records(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            stage, step = str(record["stage"]), int(record["step"])
            if stage != self.plot.stage:
                self.plot.begin(stage, int(record.get("steps", 0)))
            if "total" in record:
                self.plot.add_step(step, float(record["total"]))
            if "check.total" in record:
                self.plot.add_check(step, float(record["check.total"]))

    def _on_trained(self, trained: Trained) -> None:
        told = f"Trained: {trained.path}. Press Use in Match to try it."
        if trained.before:
            told = (
                f"{trained.path} was trained to its end before, with the settings in it: "
                "nothing to go on with. Press Train to train anew."
            )
        self.panel.set_status(told)

    def _ask_run(self) -> None:
        path = self.path
        if path is not None and path.is_file():
            told = f"{path} holds a network. Train anew and replace it? (Resume goes on.)"
            if not confirm(self, "Train anew?", told):
                return
        self.run()

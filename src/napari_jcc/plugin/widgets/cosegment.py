"""The window's main widget: choose images, settle settings, run, look, save."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from napari.utils.notifications import show_warning
from numpy.typing import NDArray
from qtpy.QtWidgets import QApplication, QWidget

from napari_jcc.errors import ConfigError, JccError
from napari_jcc.plugin.background.steps import Step, Steps
from napari_jcc.plugin.runs import Outcome, describe_notes, run
from napari_jcc.plugin.shown import Answer, ShownResult
from napari_jcc.plugin.source import find_inputs
from napari_jcc.plugin.widgets.clipboard import copy_command
from napari_jcc.plugin.widgets.correction_panel import CorrectionPanel
from napari_jcc.plugin.widgets.dock import NO_IMAGES
from napari_jcc.plugin.widgets.dock_bar import DockBar
from napari_jcc.plugin.widgets.fold import Fold
from napari_jcc.plugin.widgets.image_line import ImageLine
from napari_jcc.plugin.widgets.images_dock import ImagesDock
from napari_jcc.plugin.widgets.parts import fill_dock, in_column, scrolled
from napari_jcc.plugin.widgets.project_bar import ProjectBar
from napari_jcc.plugin.widgets.result_panel import ExportButton, ResultPanel, SaveButton
from napari_jcc.plugin.widgets.settings.form import ConfigForm
from napari_jcc.plugin.widgets.settings.preset_bar import PresetBar
from napari_jcc.plugin.widgets.size_note import SizeNote
from napari_jcc.results import equivalent_command

if TYPE_CHECKING:
    import napari

_STAGES_KEPT = "Cancelled. Finished stages are kept: the next run goes on from there."


class CosegmentWidget(ImagesDock):
    """Finds the common object in a set of images, as masks and boxes."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer, "&Run")
        self.showing = Steps(self, self._may_show)
        self.form = ConfigForm()
        self._is_following = False
        self.presets = PresetBar(self.form, self.session.preset)
        self.form.set_config(self.session.config)
        self.settings = self._fold_settings()
        self.export = ExportButton(self)
        self.saving = SaveButton(self)
        self.results = ResultPanel(self.saving, self.export)
        self.image_line = ImageLine(self.session, self)
        self.corrections = CorrectionPanel(self.session)
        self.project = ProjectBar(self)
        self.docks = DockBar(napari_viewer, "Co-segment")
        self._build()
        self._connect()
        self._show_session()

    @property
    def shown(self) -> ShownResult | None:
        """The result shown last."""
        return self.session.shown

    def run(self) -> None:
        """Co-segment the chosen images in a thread; returns at once."""
        if self.running:
            return
        try:
            config = self.form.config()
            cache = self.session.cache()
        except JccError as error:
            self.panel.set_status(str(error))
            return
        chosen = self.session.chosen
        shown = self.session.shown_for(chosen)
        if self.session.corrections is not None:
            self.session.corrections.absorb()
        work = partial(run, chosen, config, cache, self.session.edits, shown.answer)
        self.start(
            "Co-segment",
            work,
            partial(self._on_result, chosen, shown),
            if_cancelled=_STAGES_KEPT,
        )

    def command(self) -> str:
        """Command that repeats the run, or empty when the images are in no file.

        Raises
        ------
        ConfigError
            If a setting is not allowed.
        """
        inputs = find_inputs(self.session.chosen)
        if not inputs:
            return ""
        return equivalent_command(
            inputs,
            self.saving.folder,
            self.form.config(),
            self.presets.preset,
            corrections=self.session.keeper.corrections,
        )

    def copy_command(self) -> None:
        """Put the command on the clipboard, or say why there is none."""
        try:
            command = self.command()
        except ConfigError as error:
            self.panel.set_status(str(error))
            return
        copy_command(command, self.panel.set_status)
        if command and self.session.corrected and self.session.keeper.corrections is None:
            show_warning(
                "The command that was copied leaves your corrections out, because they are "
                "in no project yet. Save the project and copy again."
            )

    def _fold_settings(self) -> Fold:
        within = QWidget()
        note = SizeNote(self.session, within)
        inner = in_column(note, self.presets, self.form, within=within)
        inner.setContentsMargins(10, 0, 0, 0)
        settings = Fold("Settings", within, "Preset, and all settings one by one")
        settings.set_open(True)
        return settings

    def _build(self) -> None:
        # One area scrolls; what a run is started, saved and undone with stays in sight.
        above = scrolled(self.project, self.chooser, self.settings)
        fill_dock(
            self,
            (above, 1),
            self.panel,
            self.results,
            self.image_line,
            self.corrections,
            self.docks,
        )

    def _connect(self) -> None:
        self.form.changed.connect(self._on_form)
        self._viewer.layers.selection.events.active.connect(self._on_active)
        self.session.settings_changed.connect(self._on_settings)
        self.session.corrections_changed.connect(self._on_corrections)
        self.project.adopted.connect(self._show_session)
        self.panel.run_wanted.connect(self.run)
        self.results.copy_wanted.connect(self.copy_command)

    def _on_ended(self) -> None:
        # Else `_end_showing` ends the run when the last layer is in the window.
        if not self.showing:
            self.finish()

    def _on_result(
        self, chosen: tuple[Layer, ...], shown: ShownResult, outcome: Outcome
    ) -> None:
        if outcome.stack is not None and shown.stack is None:
            shown.put_stack(Layer.create(*outcome.stack), chosen)
        *steps, last = shown.steps(outcome.answer, outcome.layers)
        self.showing.add(partial(self._show, step) for step in steps)
        show_last = partial(self._show_last, last, outcome.masks)
        self.showing.add([show_last, self._end_showing])
        self.session.set_shown(chosen, shown)
        if shown.stack is not None:
            # The next run is on the stack, and its result is that of the same images.
            self.session.set_shown((shown.stack,), shown)
        notes = describe_notes(outcome.answer)
        self._show_summary(outcome.answer, notes)
        self.panel.set_status("")
        if notes:
            show_warning("\n".join(notes))

    def _may_show(self) -> bool:
        former = self.session.corrections
        return former is None or not former.brush_is_down

    def _show(self, step: Step) -> None:
        """Show a layer of the result; what is drawn still belongs to the former one."""
        if self.session.corrections is not None:
            self.session.corrections.hold_back()
        step()

    def _show_last(self, step: Step, masks: NDArray[Any]) -> None:
        if self.session.corrections is not None:
            # Not before the turn in which the next ones begin: somebody may be drawing.
            self.session.corrections.stop()
        step()
        self._watch(masks)

    def _end_showing(self) -> None:
        if self.shown is not None and self.shown.masks is not None:
            # So that napari's brush is at hand.
            self._viewer.layers.selection.active = self.shown.masks
        self.session.shown_changed.emit()
        self.finish()

    def _watch(self, masks: NDArray[Any] | None = None) -> None:
        """Take over what is drawn on the result from now on."""
        shown = self.shown
        if shown is None or shown.answer is None or shown.answer.corrector is None:
            return
        corrections = self.session.watch(shown, shown.answer.corrector, masks)
        # What was drawn while the run was on its way.
        corrections.absorb()
        corrections.apply(self.session.edits)

    def refresh(self) -> None:
        """Show whether a run is possible, and why not."""
        needed = self.form.error or ("" if self.session.chosen else NO_IMAGES)
        self.show_need(needed, "Find the common object in the images")
        others = self.session.shown_on
        is_of_others = self.shown is not None and others != self.session.chosen
        names = ", ".join(layer.name for layer in others[:3])
        self.results.show_about(names if is_of_others else "")
        changed = len(self.form.modified)
        note = f", {changed} changed" if changed else ""
        self.settings.set_note(self.presets.title + note)

    def finish(self) -> None:
        """Show that the work has ended, and what was turned to meanwhile."""
        super().finish()
        self._on_active()

    def _on_active(self, event: Any = None) -> None:
        """Go on with the result whose masks or boxes the user turns to.

        Else what is drawn on them would be taken over by none, and lost in the next run.
        """
        other = self.session.find_other(self._viewer.layers.selection.active)
        if other is not None and not self.running:
            self.session.set_shown(*other)
            self._watch()
            self._show_session()

    def _on_form(self) -> None:
        if not (self._is_following or self.form.error):
            self.session.set_settings(self.form.config(), self.presets.preset)
        self.refresh()

    def _on_settings(self) -> None:
        """Show settings that another dock or a project has set."""
        config, preset = self.session.config, self.session.preset
        # A preset fills the form first; that is nothing the user has changed.
        self._is_following = True
        if self.presets.preset != preset:
            self.presets.set_preset(preset)
        if self.form.error or self.form.config() != config:
            self.form.set_config(config)
        self._is_following = False

    def _on_corrections(self) -> None:
        if self.session.corrections is not None:
            self.corrections.follow(self.session.corrections)

    def _show_session(self) -> None:
        """Show settings, images, result and corrections from before this dock."""
        self._on_settings()
        self.begin()
        self._on_corrections()
        answer = self.session.answer
        if answer is not None:
            self._show_summary(answer, answer.result.warnings)

    def _show_summary(self, answer: Answer, notes: Sequence[str]) -> None:
        """Say what came out; the first time the settings make room, if none is at them."""
        focus = QApplication.focusWidget()
        if not (self.results.has_result or self.settings.content.isAncestorOf(focus)):
            self.settings.set_open(False)
        self.results.show_result(answer.summary, "\n".join(notes))

    def leave(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.layers.selection.events.active.disconnect(self._on_active)
        self.project.disconnect_viewer()
        self.image_line.leave()
        self.corrections.leave()
        super().leave()

"""Match images that show the same kind of object, and look at every pair."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QSizePolicy,
    QWidget,
)

from napari_jcc.errors import JccError
from napari_jcc.matching.outputs.names import RECORD
from napari_jcc.plugin.background.steps import Steps
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.matching.matches import (
    Matched,
    MatchRequest,
    as_table,
    list_names,
    match_images,
    save_matches,
)
from napari_jcc.plugin.matching.pictures import SideBySide, draw_pair
from napari_jcc.plugin.matching.view import MatchView
from napari_jcc.plugin.navigation import current_place
from napari_jcc.plugin.source import find_source
from napari_jcc.plugin.tabs import frame_of
from napari_jcc.plugin.widgets.clipboard import copy_command
from napari_jcc.plugin.widgets.dock import NO_IMAGES
from napari_jcc.plugin.widgets.images_dock import ImagesDock
from napari_jcc.plugin.widgets.matching.looks import MatchLooks
from napari_jcc.plugin.widgets.matching.matcher_chooser import MatcherChooser
from napari_jcc.plugin.widgets.matching.pairs import PairChooser, PairTable
from napari_jcc.plugin.widgets.parts import (
    fill_dock,
    in_column,
    in_row,
    push_button,
    wrapped,
)
from napari_jcc.plugin.widgets.questions import ask_result_folder
from napari_jcc.words import count_of

if TYPE_CHECKING:
    import napari


class MatchDock(ImagesDock):
    """Finds which points of images belong together."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer, "&Match")
        self.matched: Matched | None = None
        self.row = -1
        self._behind = False
        self._drawing: Task | None = None
        self.view = MatchView(self._viewer)
        self.showing = Steps(self)
        self.matcher = MatcherChooser(with_refinement=True)
        self.pairs = PairChooser()
        self.looks = MatchLooks()
        self.table = PairTable()
        self.said = wrapped()
        self.save_button = push_button(
            "S&ave…", "Write pairs, points, warped images and masks", self._ask_save
        )
        self.copy_button = push_button(
            "Cop&y command", "Copy the command that does the same", self.copy_command
        )
        self._build()
        self._connect()
        self.begin()

    def run(self) -> None:
        """Match the chosen images in a thread; returns at once."""
        if self.running:
            return
        request = MatchRequest(
            target=self.pairs.target,
            source=self.pairs.source,
            choice=self.matcher.choice(self.session.config.runtime.device),
            through=self.pairs.through,
        )
        work = partial(match_images, self.session.chosen, request)
        unchanged = "Cancelled. Nothing has changed."
        self.start("Match", work, self._on_matched, if_cancelled=unchanged)

    def look_at(self, row: int) -> None:
        """Show a pair by its number; its picture is drawn in a thread."""
        if self.matched is None or not 0 <= row < len(self.matched.result.pairs):
            return
        self.row = row
        matched, most = self.matched, self.looks.lines.value()
        task = Task(lambda _: draw_pair(matched, row, most), "Draw a pair")
        task.succeeded.connect(partial(self._on_drawn, task))
        self._drawing = task
        self.session.jobs.run(task, owner=self)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write pairs, points, warped images and masks; returns at once."""
        if self.matched is None or self.running:
            return
        work = partial(save_matches, self.matched, folder, overwrite)
        self.start("Save", work, self._on_saved, lasting=True)

    def copy_command(self) -> None:
        """Put the command that does the same on the clipboard, or say why there is none."""
        command = "" if self.matched is None else self.matched.command()
        copy_command(command, self.said.setText)

    def refresh(self) -> None:
        """Show what can be done now."""
        missing = self.matcher.missing
        if not self.pairs.target:
            missing = NO_IMAGES
        self.show_need(missing, "Find points that belong together")
        self.results.setVisible(self.matched is not None)

    def show_images(self) -> None:
        """Offer the chosen images as template."""
        names: tuple[str, ...] = ()
        if self.session.chosen:
            try:
                names = list_names(self.session.chosen)
            except JccError as error:
                self.panel.set_status(str(error))
        self.pairs.set_names(names)

    def leave(self) -> None:
        """Show the layers again that were hidden for a pair."""
        self.showing.clear()
        self.view.clear()
        super().leave()

    def set_in_front(self, in_front: bool) -> None:
        """Leave the canvas to the images while another dock is in front."""
        behind = not in_front
        if behind == self._behind:
            return
        self._behind = behind
        if behind:
            self.showing.add(self.view.step_aside())
        else:
            self.look_at(self.row)

    def _build(self) -> None:
        self.results = QWidget()
        buttons = in_row(self.save_button, self.copy_button)
        in_column((self.table, 1), self.looks, self.said, buttons, within=self.results)
        # Takes the room also while the results in it are hidden.
        holder = QWidget()
        policy = QSizePolicy.Policy
        holder.setSizePolicy(policy.Preferred, policy.Expanding)
        in_column(self.results, within=holder)
        fill_dock(self, self.chooser, self.matcher, self.pairs, self.panel, (holder, 1))

    def _connect(self) -> None:
        self.matcher.changed.connect(self.refresh)
        self.pairs.changed.connect(self.refresh)
        self.pairs.current_wanted.connect(self._take_current)
        self.panel.run_wanted.connect(self.run)
        self.table.picked.connect(self.look_at)
        self.looks.view_changed.connect(self._on_view)
        self.looks.lines_changed.connect(lambda: self.look_at(self.row))
        self.looks.opacity_changed.connect(self._on_opacity)

    def _on_framed(self) -> None:
        super()._on_framed()
        frame = frame_of(self)
        if frame is not None:
            frame.visibilityChanged.connect(self.set_in_front)

    def _on_matched(self, matched: Matched) -> None:
        self.matched = matched
        self.view.unhide()
        self.showing.add(self.view.begin(matched))
        self.panel.set_status("")
        self.said.setText(_summarise(matched))
        self.table.show_pairs(as_table(matched))
        # The least sure one first: it is what should be looked at.
        self.table.setCurrentCell(-1, -1)
        self.table.setCurrentCell(0, 0)

    def _on_drawn(self, task: Task, drawn: tuple[SideBySide, Any]) -> None:
        if task is self._drawing and not self._behind:
            side, warped = drawn
            looks = self.looks
            steps = self.view.show(self.row, side, warped, looks.view, looks.opacity)
            self.showing.add(steps)

    def _on_view(self) -> None:
        if self.matched is not None:
            self.showing.add(self.view.turn(self.looks.view))

    def _on_opacity(self) -> None:
        self.view.set_opacity(self.looks.opacity)

    def _on_saved(self, out: Path) -> None:
        self.said.setText(f"Saved in {out}")

    def _take_current(self) -> None:
        try:
            source = find_source(self.session.chosen, self.session.config.collection)
        except JccError as error:
            self.panel.set_status(str(error))
            return
        place = current_place(self._viewer, source.placement)
        if place is not None:
            self.pairs.choose(source.collection.names[place], self.pairs.source)

    def _ask_save(self) -> None:
        folder, overwrite = ask_result_folder(self, "Folder for the matches", RECORD)
        if folder and not self.running:
            self.save(folder, overwrite=overwrite)


def _summarise(matched: Matched) -> str:
    result, name = matched.result, matched.source.name
    found = f"{count_of(len(result.pairs), 'pair')} of {name}, the least sure first."
    how = "Click one to see it; side by side, the template is on the right."
    return "\n".join([f"{found} {how}", *result.notes])

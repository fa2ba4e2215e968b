"""Offers the automatic copy of a session that ended badly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.layers import LayerData
from napari_jcc.plugin.projects.opened import show_project
from napari_jcc.plugin.widgets.parts import in_column, in_row, push_button, wrapped
from napari_jcc.plugin.widgets.questions import confirm
from napari_jcc.progress import Progress
from napari_jcc.project import Recoverable, find_recoverable, recovery
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari_jcc.plugin.widgets.dock import Dock


class RecoveryBar(QWidget):
    """A line of text over two buttons; hidden while there is nothing to recover."""

    def __init__(self, dock: Dock, show_layers: Callable[[list[LayerData]], None]) -> None:
        super().__init__()
        self._dock = dock
        self._show_layers = show_layers
        self._waiting: list[Recoverable] = []
        self.text = wrapped()
        self.recover_button = push_button("Recover", "Open the copy", self.recover)
        self.discard_button = push_button("&Discard", "Remove the copy", self.discard)
        buttons = in_row(self.recover_button, self.discard_button)
        in_column(self.text, buttons, within=self)
        self.setVisible(False)
        # Without a folder, or in an empty one, there is nothing to read in a thread.
        if any(recovery.recovery_folder().glob("*.jcc")):
            task = Task(lambda _: find_recoverable(), "Look for automatic copies")
            task.succeeded.connect(self._on_found)
            dock.session.jobs.run(task, owner=dock)

    def recover(self) -> None:
        """Open the copy offered; returns at once."""
        if self._dock.running or not self._waiting:
            return
        copy = self._waiting[0]

        def work(_: Progress) -> list[LayerData]:
            project, report = copy.recover()
            origin = copy.header.origin if copy.header else ""
            path = Path(origin) if origin else None
            return show_project(project, report, path, is_saved=False)

        self._dock.start("Recover a session", work, self._on_recovered)

    def discard(self) -> None:
        """Ask, and remove the copy offered for good; returns at once."""
        if self._dock.running or not self._waiting:
            return
        copy = self._waiting[0]
        question = "What was drawn and never saved is lost with it. Remove it for good?"
        if not confirm(self, "Discard the automatic copy?", question):
            return
        self._dock.start("Discard a copy", lambda _: copy.discard(), self._on_done)

    def _on_found(self, found: list[Recoverable]) -> None:
        self._waiting = found
        self._offer()

    def _on_recovered(self, layers: list[LayerData]) -> None:
        self._show_layers(layers)
        self._dock.session.keeper.replaces(self._waiting[0])
        self._on_done()

    def _on_done(self, _: object = None) -> None:
        self._waiting = self._waiting[1:]
        self._offer()

    def _offer(self) -> None:
        self.setVisible(bool(self._waiting))
        if not self._waiting:
            return
        copy = self._waiting[0]
        self.recover_button.setEnabled(copy.header is not None)
        if copy.header is None:
            self.text.setText(f"⚠ An automatic copy cannot be read. {copy.problem}")
            return
        header = copy.header
        when = header.saved.astimezone().strftime("%Y-%m-%d %H:%M")
        name = Path(header.origin).name if header.origin else "never saved"
        images = count_of(header.images, "image")
        self.text.setText(
            f"⚠ A session ended without saving: {name}, {images}, copy of {when}."
        )

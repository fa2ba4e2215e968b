"""The project: open, save, what is not saved yet, and what can be recovered."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from napari.utils.notifications import show_info
from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QAction, QKeySequence
from qtpy.QtWidgets import (
    QFileDialog,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from napari_jcc.plugin.background.steps import Steps
from napari_jcc.plugin.layers import LayerData
from napari_jcc.plugin.projects.adopting import adopt, find_opened
from napari_jcc.plugin.projects.opened import OPENED_KEY, Opened, open_project, show_project
from napari_jcc.plugin.widgets.jobs import JobsButton
from napari_jcc.plugin.widgets.parts import in_column, in_row
from napari_jcc.plugin.widgets.recovery_bar import RecoveryBar
from napari_jcc.progress import Progress
from napari_jcc.project import Project, find_images_again
from napari_jcc.project.files import EXTENSION

if TYPE_CHECKING:
    from napari_jcc.plugin.widgets.dock import Dock

_FILTER = f"Projects (*{EXTENSION})"


class ProjectBar(QWidget):
    """A menu for the project file, its name and state, and the list of jobs.

    Attributes
    ----------
    adopted
        Signal when the session goes on with a project.
    arriving
        Layers of a project that are still to be added.
    """

    adopted = Signal()

    def __init__(self, dock: Dock) -> None:
        super().__init__()
        self._dock = dock
        self._session = dock.session
        self._keeper = dock.session.keeper
        self.arriving = Steps(self)
        self.button = QToolButton()
        self.button.setText("Pro&ject ▾")
        self.button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.button.setToolTip("Open and save the session as one file")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.find_action = QAction("&Find images…", self)
        self.find_action.triggered.connect(self.ask_find)
        self.button.setMenu(self._build_menu())
        self.state = QLabel()
        self.state.setAccessibleName("State of the project")
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.jobs = JobsButton(self._session.jobs)
        self.recovery = RecoveryBar(dock, self.show_layers)
        self._build()
        self._keeper.changed.connect(self.refresh)
        self._keeper.saved.connect(self._tell_saved)
        self._session.viewer.layers.events.inserted.connect(self._on_inserted)
        self.refresh()
        if self._session.opened is None:
            self._adopt_new()

    def disconnect_viewer(self) -> None:
        """Stop listening to the viewer."""
        self._session.viewer.layers.events.inserted.disconnect(self._on_inserted)

    def open(self, path: str | Path) -> None:
        """Open a project in the viewer and go on with it; returns at once."""
        self._dock.start(
            "Open the project", lambda _: open_project(Path(path)), self.show_layers
        )

    def find_images(self, folder: str | Path) -> None:
        """Show the project with its missing images from a folder; returns at once."""
        opened = self._session.opened
        if opened is None:
            return
        if self._session.corrections is not None:
            self._session.corrections.absorb()
        snapshot, _ = self._keeper.take()

        def work(_: Progress) -> list[LayerData]:
            project = self._keeper.to_project(snapshot)
            found = find_images_again(project, folder)
            return show_project(*found, self._keeper.path, is_saved=False)

        def on_found(layers: list[LayerData]) -> None:
            self._remove(opened)
            self.show_layers(layers)

        self._dock.start("Find images", work, on_found)

    def save(self, path: str | Path | None = None) -> None:
        """Save the project, to its own file unless another is given; returns at once."""
        target = self._keeper.path if path is None else Path(path)
        if self._dock.running:
            self._dock.tell("Wait for the job in progress, then try again.")
            return
        if target is None:
            self.ask_save_as()
            return
        if self._session.corrections is not None:
            self._session.corrections.absorb()
        snapshot, revision = self._keeper.take()
        work = partial(self._keeper.save, target, snapshot)

        # Not of this bar: the dock may be closed while the file is written.
        keeper = self._keeper

        def on_saved(project: Project) -> None:
            keeper.set_saved(target, project, snapshot, revision)

        self._dock.start("Save the project", work, on_saved, lasting=True)

    def show_layers(self, layers: list[LayerData]) -> None:
        """Add the layers of a project one by one, as napari needs its time for each."""
        self.arriving.add(partial(self._add, data) for data in layers)

    def ask_open(self) -> None:
        """Let the user choose a project and open it."""
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a project", self._folder(), _FILTER
        )
        if path:
            self.open(path)

    def ask_save_as(self) -> None:
        """Let the user choose a file and save the project there."""
        start = str(Path(self._folder()) / f"session{EXTENSION}")
        path, _ = QFileDialog.getSaveFileName(self, "Save the project", start, _FILTER)
        if path:
            self.save(Path(path).with_suffix(EXTENSION))

    def ask_find(self) -> None:
        """Let the user choose the folder that missing images are in now."""
        folder = QFileDialog.getExistingDirectory(
            self, "Folder that the images are in now", self._folder()
        )
        if folder:
            self.find_images(folder)

    def refresh(self) -> None:
        """Show the name of the project, and whether something is not saved."""
        keeper = self._keeper
        name = keeper.path.name if keeper.path else "not saved as a project"
        changed = "  • unsaved changes" if keeper.path and keeper.unsaved else ""
        trouble = "  ⚠ no automatic copy" if keeper.trouble else ""
        self.state.setText(name + trouble + changed)
        where = str(keeper.path or "Save keeps images, settings, result and edits")
        self.state.setToolTip("\n".join(filter(None, (where, keeper.trouble))))
        opened = self._session.opened
        is_missing = opened is not None and bool(opened.report.missing)
        is_shown = opened is not None and self._session.former is opened.project
        self.find_action.setEnabled(is_missing and is_shown)

    def _build(self) -> None:
        head = in_row(self.button, (self.state, 1), self.jobs)
        in_column(head, self.recovery, within=self, spacing=4)

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        # The keys are only named: every dock takes them itself, see `Dock.event`.
        keys = QKeySequence(QKeySequence.StandardKey.Save)
        named = keys.toString(QKeySequence.SequenceFormat.NativeText)
        menu.addAction("&Open project…", self.ask_open)
        menu.addAction(f"&Save project\t{named}", lambda: self.save())
        menu.addAction("Save project &as…", self.ask_save_as)
        menu.addAction(self.find_action)
        return menu

    def _tell_saved(self, path: str) -> None:
        self._dock.tell(f"Saved {path}")

    def _folder(self) -> str:
        return str(self._keeper.path.parent if self._keeper.path else Path.home())

    def _add(self, data: LayerData) -> None:
        self._session.viewer.add_layer(Layer.create(*data))

    def _remove(self, opened: Opened) -> None:
        """Take the layers of a project out, as others come for them."""
        layers = self._session.viewer.layers
        for layer in list(layers):
            if layer.metadata.get(OPENED_KEY) is opened:
                layers.remove(layer)

    def _on_inserted(self, event: Any) -> None:
        self._adopt_new()

    def _adopt_new(self) -> None:
        """Go on with a project whose last layer has come."""
        opened = find_opened(self._session.viewer.layers)
        if opened is not None and opened is not self._session.opened:
            self._adopt(opened)

    def _adopt(self, opened: Opened) -> None:
        dropped = adopt(self._session, opened)
        self._keeper.set_opened(opened)
        self.adopted.emit()
        # Later: napari selects every layer that comes.
        QTimer.singleShot(0, self._select_masks)
        told = [f"Opened {opened.name}.", *opened.messages()]
        if dropped:
            message = (
                f"{dropped} corrections that were not in the project were taken back; Redo "
                "brings them back one by one."
            )
            told.append(message)
            show_info(message)
        self._dock.panel.set_status("\n".join(told))

    def _select_masks(self) -> None:
        """Put napari's brush at hand."""
        shown = self._session.shown
        if shown is not None and shown.masks is not None:
            self._session.viewer.layers.selection.active = shown.masks

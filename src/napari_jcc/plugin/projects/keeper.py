"""Keeps what a session has come to: by automatic copies, and in the user's own file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from napari.utils.notifications import show_warning
from qtpy.QtCore import QEvent, QObject, QTimer, Signal

from napari_jcc.errors import JccError
from napari_jcc.interaction import Edits, ImageKey
from napari_jcc.plugin.background.garbage import let_go
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.preferences import read_preferences
from napari_jcc.plugin.projects.snapshot import KnownInputs, Snapshot, take_snapshot
from napari_jcc.progress import Progress
from napari_jcc.project import Autosave, ImageStatus, Project, Recoverable, save_project

if TYPE_CHECKING:
    from napari_jcc.plugin.projects.opened import Opened
    from napari_jcc.plugin.session import Session

_ByHand: TypeAlias = tuple[Edits, Mapping[ImageKey, ImageStatus]]

_RETRY = 60_000
"""Milliseconds until an automatic copy that could not be written is tried again."""


class Keeper(QObject):
    """Notices every change of a session and writes an automatic copy soon after.

    Attributes
    ----------
    changed
        Signal when there is something unsaved, when it was saved, or when a copy failed.
    saved
        Signal with the path of the user's file when it was saved.
    trouble
        Why the last automatic copy could not be written; empty when it could.
    """

    changed = Signal()
    saved = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._known = KnownInputs()
        self._revision = self._saved = self._copied = 0
        self._saved_state: _ByHand = (session.edits, session.all_statuses)
        self._files: list[tuple[frozenset[ImageKey], Path | None]] = []
        self._autosave: Autosave | None = None
        self._left: Path | None = None
        self._recovered: Recoverable | None = None
        self._task: Task | None = None
        self.trouble = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.copy)
        for signal in (
            session.edits_changed,
            session.statuses_changed,
            session.shown_changed,
            session.settings_changed,
        ):
            signal.connect(self._on_changed)

    @property
    def path(self) -> Path | None:
        """The user's own file of the images shown; None before they are saved."""
        of_shown = (path for images, path in self._files if self._session.shows(images))
        return next(of_shown, None)

    @property
    def unsaved(self) -> bool:
        """Whether the user's file, if there is one, lacks something."""
        return self._revision != self._saved

    @property
    def unsaved_by_hand(self) -> bool:
        """Whether something that no run can bring back is in no file of the user's."""
        return self._saved_state != (self._session.edits, self._session.all_statuses)

    @property
    def corrections(self) -> Path | None:
        """The user's file with all that was drawn on the images shown.

        None if nothing was drawn, or some of it is in no file.
        """
        return self.path if self._session.corrected and not self.unsaved_by_hand else None

    def save(self, path: Path, snapshot: Snapshot, progress: Progress) -> Project:
        """Write a project to the user's file, and return it; for a worker thread.

        Raises
        ------
        JccError
            If there are no images, or the file cannot be written.
        """
        progress.start("Project", 1)
        project = self.to_project(snapshot)
        save_project(project, path)
        return project

    def to_project(self, snapshot: Snapshot) -> Project:
        """Make a project of a state, with the images that are known; for a thread.

        Raises
        ------
        InputError
            If there are no images.
        """
        return snapshot.to_project(self._known)

    def take(self) -> tuple[Snapshot, int]:
        """Note the state to save, and its number for `set_saved`."""
        return take_snapshot(self._session), self._revision

    def set_saved(
        self, path: Path, project: Project, snapshot: Snapshot, revision: int
    ) -> None:
        """Remember that a state is in the user's file, as `project`."""
        self._note_file(path, project)
        self._saved = revision
        self._discard_recovered()
        self._saved_state = (snapshot.edits, snapshot.statuses)
        if not self.unsaved and self._task is None:
            self._drop_copy()
        self.changed.emit()
        self.saved.emit(str(path))

    def set_opened(self, opened: Opened) -> None:
        """Begin anew with a project that was opened, if it is in its file as it is."""
        self._note_file(opened.path, opened.project)
        if opened.is_saved:
            self.set_saved_now()
        self._timer.start(self._interval() if opened.is_saved else 0)
        self.changed.emit()

    def replaces(self, copy: Recoverable) -> None:
        """Remove the copy that was recovered as soon as there is another of its content."""
        self._recovered = copy

    def set_saved_now(self) -> None:
        """Take the present state for the one in the user's file."""
        self._saved = self._revision
        self._saved_state = (self._session.edits, self._session.all_statuses)

    def copy(self) -> None:
        """Write an automatic copy in a thread, unless there is one of this state."""
        if self._task is not None:
            self._timer.start(self._interval())
            return
        if self._copied == self._revision or not self._has_work():
            return
        revision, snapshot = self._revision, take_snapshot(self._session)
        self._task = Task(partial(self._write, snapshot), "Automatic copy")
        self._task.succeeded.connect(partial(self._on_copied, revision))
        self._task.ended.connect(self._on_ended)
        self._session.jobs.run(self._task, owner=self)

    def end(self) -> None:
        """Leave nothing behind, or, with work that is in no file, the copy of it."""
        self._timer.stop()
        self._session.jobs.stop(self)
        if self._session.corrections is not None:
            self._session.corrections.absorb()
        with suppress(JccError):
            if self.unsaved_by_hand and self._has_work():
                self._write_copy(take_snapshot(self._session))
            # Else a copy that was stopped would be begun anew.
            self._copied = self._revision
        autosave, self._autosave = self._autosave, None
        if not self.unsaved_by_hand:
            self._drop_left()
            if autosave is not None:
                autosave.close()
        elif autosave is not None:
            self._left = autosave.leave()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """End when the window is closed."""
        if event is not None and event.type() == QEvent.Type.Close:
            self.end()
            let_go()
        return False

    def _note_file(self, path: Path | None, project: Project) -> None:
        """Remember which images a file is of, first of all files."""
        others = [known for known in self._files if known[1] != path]
        self._files = [(frozenset(image.key for image in project.inputs), path), *others]

    def _has_work(self) -> bool:
        """Whether there is more than images that were opened."""
        return self._session.shown is not None

    def _interval(self) -> int:
        return _RETRY if self.trouble else 1000 * read_preferences().autosave_seconds

    def _on_changed(self) -> None:
        self._revision += 1
        if not self._timer.isActive():
            self._timer.start(self._interval())
        self.changed.emit()

    def _write(self, snapshot: Snapshot, _: Progress) -> str:
        """Write a copy; what went wrong is returned, as nobody waits for it."""
        try:
            self._write_copy(snapshot)
        except JccError as error:
            return str(error)
        return ""

    def _write_copy(self, snapshot: Snapshot) -> None:
        project = self.to_project(snapshot)
        if self._autosave is None:
            self._autosave = Autosave()
        self._autosave.save(project, str(self.path or ""))
        self._discard_recovered()
        self._drop_left()

    def _drop_copy(self) -> None:
        """Remove the copy, which after a crash would be offered as unsaved work."""
        self._copied = self._revision
        self._drop_left()
        autosave, self._autosave = self._autosave, None
        if autosave is not None:
            autosave.close()

    def _drop_left(self) -> None:
        """Remove the copy of an end that was none: the user stayed in the window."""
        if self._left is not None:
            self._left.unlink(missing_ok=True)
            self._left = None

    def _discard_recovered(self) -> None:
        if self._recovered is not None:
            with suppress(JccError):  # offered again, then
                self._recovered.discard()
            self._recovered = None

    def _on_copied(self, revision: int, trouble: str) -> None:
        if trouble and not self.trouble:
            show_warning(
                f"There is no automatic copy of your work now. {trouble} All your work is "
                "still here; the copy is tried again every minute."
            )
        if not trouble:
            self._copied = revision
        self.trouble = trouble
        self.changed.emit()

    def _on_ended(self) -> None:
        self._task = None
        if self._copied != self._revision and not self._timer.isActive():
            self._timer.start(self._interval())

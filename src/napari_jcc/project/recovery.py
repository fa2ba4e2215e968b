"""Automatic copies of a session, and finding those of sessions that ended badly."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from napari_jcc.atomic import explained, part_prefix
from napari_jcc.errors import InputError
from napari_jcc.project.files import (
    EXTENSION,
    ProjectHeader,
    load_project,
    read_header,
    save_project,
)
from napari_jcc.project.project import Project
from napari_jcc.project.report import LoadReport

_PATIENCE = 5.0
"""Seconds; a window that looks for copies holds every lock for a moment."""


def recovery_folder() -> Path:
    """Folder of the user's automatic copies, as the system has it."""
    return platformdirs.user_state_path("napari-jcc", appauthor=False) / "recovery"


class Autosave:
    """Keeps an automatic copy of one session; the caller says when.

    A lock that the operating system takes away from a process that ends, in whatever way,
    tells the copies of running sessions from those of sessions that ended badly.

    Parameters
    ----------
    folder
        Where copies are kept; None: `recovery_folder`.

    Attributes
    ----------
    path
        The copy; written by the first `save`.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        folder = recovery_folder() if folder is None else Path(folder)
        self.path = folder / f"{uuid.uuid4().hex}{EXTENSION}"
        self._last: Project | None = None
        self._lock = _lock_of(self.path)
        with explained(folder, "automatic copies"):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=_PATIENCE)

    def save(self, project: Project, origin: str = "") -> bool:
        """Replace the copy, unless it is of this very project already.

        Parameters
        ----------
        project
            State of the session.
        origin
            File that the user saved it to last, or empty.

        Returns
        -------
        bool
            Whether something was written.

        Raises
        ------
        OutputError
            If the copy cannot be written; the one before is kept.
        """
        if project is self._last:
            return False
        save_project(project, self.path, origin=origin)
        self._last = project
        return True

    def leave(self) -> Path:
        """End the session but leave its copy, for the next one to recover; its path."""
        _release(self._lock)
        return self.path

    def close(self) -> None:
        """End the session in good order: its copy is removed."""
        self.path.unlink(missing_ok=True)
        _release(self._lock)


@dataclass
class Recoverable:
    """The copy of a session that ended badly.

    Attributes
    ----------
    path
        The copy.
    header
        What it holds; None when it cannot be read.
    problem
        Why it cannot be read; empty when it can.
    """

    path: Path
    header: ProjectHeader | None = None
    problem: str = ""
    _lock: FileLock | None = field(default=None, repr=False, compare=False)

    def recover(self) -> tuple[Project, LoadReport]:
        """Open the copy, and keep it from other sessions until this process ends.

        It stays where it is until `discard`: call that once the session has a copy of its
        own.

        Raises
        ------
        InputError
            If it cannot be read, or another session has recovered it in the meantime.
        """
        self._take()
        return load_project(self.path)

    def discard(self) -> None:
        """Remove the copy.

        Raises
        ------
        InputError
            If another session has recovered it in the meantime.
        """
        self._take()
        self.path.unlink(missing_ok=True)
        if self._lock is not None:
            _release(self._lock)

    def _take(self) -> None:
        lock = self._lock or _lock_of(self.path)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise InputError(
                "Another window has opened this automatic copy. Go on in that window."
            ) from error
        self._lock = lock


def find_recoverable(folder: str | os.PathLike[str] | None = None) -> list[Recoverable]:
    """List the copies of sessions that ended without `Autosave.close`, latest first.

    Parameters
    ----------
    folder
        As of `Autosave`.

    Raises
    ------
    OutputError
        If what such sessions left cannot be removed.
    """
    folder = recovery_folder() if folder is None else Path(folder)
    if not folder.is_dir():
        return []
    with explained(folder, "automatic copies"):
        sessions = {path.with_suffix(EXTENSION) for path in folder.glob("*.lock")}
        sessions |= set(folder.glob(f"*{EXTENSION}"))
        ended = [path for path in sessions if _has_ended(path)]
        ended.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [_describe(path) for path in ended]


def _describe(path: Path) -> Recoverable:
    try:
        return Recoverable(path, read_header(path))
    except InputError as error:
        return Recoverable(path, problem=str(error))


def _has_ended(path: Path) -> bool:
    """Whether nobody holds the lock of a copy; then what else was left of it is removed."""
    lock = _lock_of(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    for part in path.parent.glob(f"{part_prefix(path.name)}*"):
        part.unlink(missing_ok=True)
    if path.exists():
        lock.release()
        return True
    _release(lock)
    return False


def _lock_of(path: Path) -> FileLock:
    # Sessions are handed from thread to thread; the lock is of the process.
    return FileLock(path.with_suffix(".lock"), thread_local=False)


def _release(lock: FileLock) -> None:
    """Let go of a lock and remove its file."""
    file = Path(lock.lock_file)
    if os.name == "nt":  # an open file cannot be removed there
        lock.release(force=True)
        with suppress(PermissionError):  # another window looks at it
            file.unlink(missing_ok=True)
    else:  # who waits for the lock sees that its file is gone, and makes a new one
        file.unlink(missing_ok=True)
        lock.release(force=True)

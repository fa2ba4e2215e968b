"""Put files in place whole, one or a set of them, or leave everything as it was."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from napari_jcc.errors import OutputError

STAGING_PREFIX = ".napari-jcc-"

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LONGEST_WRITE = 3600.0
"""Seconds after which what is unfinished belongs to a program that was killed."""


@contextmanager
def replacing(path: Path, *, synced: bool = True) -> Iterator[BinaryIO]:
    """Write the new content of `path`, which replaces the old one in a single step.

    When the block is left without an error, the content is on the disk and takes the place
    of what was there. In any other case, also when the machine stops in between, `path`
    is as it was before.

    Parameters
    ----------
    path
        File in a folder that exists. A link stays; the file that it leads to is replaced.
    synced
        Whether to wait for the disk; without, a machine that stops may leave half a file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    target = path.resolve()
    _remove_leftovers(target)
    part = target.with_name(f"{part_prefix(target.name)}{uuid.uuid4().hex[:8]}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            if synced:
                os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    if synced:
        _sync_folder(target.parent)


def part_prefix(name: str) -> str:
    """Start of the names under which `replacing` writes a file called `name`."""
    # A name may take 255 bytes with the letters that make it unique.
    short = name.encode(errors="surrogateescape")[:200].decode(errors="ignore")
    return f"{STAGING_PREFIX}{short}-"


def replace_files(out: Path, files: Mapping[str, bytes]) -> None:
    """Write files below `out`, all or none; those already there are replaced.

    Parameters
    ----------
    out
        Folder, made if there is none.
    files
        Content by place relative to `out`, with ``/``.

    Raises
    ------
    OutputError
        If the files cannot be written.
    """
    with explained(out), filling(out) as new:
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)


def replace_file(path: str | Path, content: bytes) -> None:
    """Write one file, as `replace_files` does."""
    path = Path(path)
    with explained(path), filling(path.parent) as new:
        (new / path.name).write_bytes(content)


@contextmanager
def filling(out: Path) -> Iterator[Path]:
    """Give an empty folder, whose files are moved to `out` together in the end.

    `out` is made if there is none. When the block raises, all is as it was before.

    Raises
    ------
    OSError
        If a file cannot be written or moved.
    """
    with made_folder(out), staging_folder(out) as staging:
        new = staging / "new"
        new.mkdir()
        yield new
        publish(new, staging / "old", out, [])


@contextmanager
def made_folder(out: Path) -> Iterator[None]:
    """Make a folder and those above; if the block raises, what was made goes again.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):
            for folder in made:
                _remove_if_empty(folder)
        raise


@contextmanager
def staging_folder(out: Path) -> Iterator[Path]:
    """Give an empty folder inside `out` that is removed in the end.

    It lies inside `out` because only there the same file system, on which a file moves in
    one step, and the right to write are both certain.
    """
    with tempfile.TemporaryDirectory(prefix=STAGING_PREFIX, dir=out) as folder:
        yield Path(folder)


def is_staging(path: Path) -> bool:
    """Tell whether `path` was left behind by a run that was killed."""
    return path.name.startswith(STAGING_PREFIX)


def remove_staging(out: Path) -> None:
    """Remove from `out`, if there is such a folder, what killed runs left behind.

    What is young stays: another run may be writing it.
    """
    for path in out.iterdir() if out.is_dir() else ():
        with suppress(FileNotFoundError):  # that run may be done by now
            if is_staging(path) and path.is_dir() and _is_left(path):
                shutil.rmtree(path)


def publish(new: Path, backup: Path, out: Path, stale: Iterable[str]) -> None:
    """Move the files below `new` to the same places below `out`, and remove `stale` ones.

    Every file is replaced in one step, in sorted order with those at the top last. When
    a step fails, or the user interrupts, all files are put back as they were.

    Parameters
    ----------
    new
        Folder with the finished files.
    backup
        Empty folder on the same file system, for copies of what is replaced.
    out
        Folder for the results.
    stale
        Files of the former result, relative to `out`, that have no successor.

    Raises
    ------
    OSError
        If a file cannot be copied, moved or removed.
    """
    names = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
    names.sort(key=lambda name: (-len(name.parts), name))
    doomed = [Path(name) for name in stale if (out / name).is_file()]
    for name in (*names, *doomed):
        if (out / name).is_file():
            (backup / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(out / name, backup / name)
    with ExitStack() as undo:
        for name in names:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            undo.callback(_restore, backup / name, out / name)
            os.replace(new / name, out / name)
        for name in doomed:
            undo.callback(_restore, backup / name, out / name)
            (out / name).unlink()
        undo.pop_all()
    emptied = {parent for name in doomed for parent in name.parents[:-1]}
    for folder in sorted(emptied, reverse=True):  # a folder before the one it lies in
        _remove_if_empty(out / folder)


@contextmanager
def explained(out: Path, what: str = "") -> Iterator[None]:
    """Turn what the operating system refuses into a message with a remedy.

    Parameters
    ----------
    out
        Folder or file that is written.
    what
        What is written, such as ``results``; may be empty.

    Raises
    ------
    OutputError
        In place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        remedy = (
            "Free some space"
            if error.errno in _FULL
            else "Check that you may write there and that there is space"
        )
        subject = f"{what} to {out}" if what else f"to {out}"
        raise OutputError(
            f"Cannot write {subject}: {error.strerror or error}. {remedy}, or choose "
            "another folder."
        ) from error


def _remove_leftovers(target: Path) -> None:
    """Remove what programs that were killed left of their attempts to write `target`."""
    prefix = part_prefix(target.name)
    with suppress(OSError):  # tidying up must not keep anybody from saving
        for path in target.parent.iterdir():
            if path.name.startswith(prefix) and _is_left(path):
                path.unlink()


def _is_left(path: Path) -> bool:
    """Tell by its age whether an unfinished file or folder is nobody's any more."""
    return path.stat().st_mtime < time.time() - _LONGEST_WRITE


def _sync_folder(folder: Path) -> None:
    """Bring the new name of a file to the disk, where the system offers that."""
    with suppress(OSError):  # Windows and some network drives open no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _restore(backup: Path, target: Path) -> None:
    if backup.is_file():
        os.replace(backup, target)
    else:
        target.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

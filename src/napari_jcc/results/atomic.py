"""Put a set of files in place, all or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

STAGING_PREFIX = ".napari-jcc-"


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


def _restore(backup: Path, target: Path) -> None:
    if backup.is_file():
        os.replace(backup, target)
    else:
        target.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

"""A folder that results of any kind are written to, whole, over nobody else's files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from napari_jcc.atomic import (
    STAGING_PREFIX,
    explained,
    is_staging,
    made_folder,
    publish,
    remove_staging,
    staging_folder,
)
from napari_jcc.errors import OutputError
from napari_jcc.words import list_some

_PROBE_BYTES = 1 << 20


@contextmanager
def replacing_result(out: Path, former: Collection[str]) -> Iterator[Path]:
    """Give an empty folder, whose files take the place of a former result in the end.

    When the block raises, `out` is left as it was.

    Parameters
    ----------
    out
        Made if there is none.
    former
        Files of the former result, relative to `out`; those without a successor go.

    Raises
    ------
    OutputError
        If the files cannot be written.
    """
    with explained(out, "results"), made_folder(out):
        remove_staging(out)
        with staging_folder(out) as staging:
            new = staging / "new"
            new.mkdir()
            yield new
            files = (path for path in new.rglob("*") if path.is_file())
            written = {path.relative_to(new).as_posix() for path in files}
            publish(new, staging / "old", out, sorted(set(former) - written))


def read_listed_files(
    record: Path, form: str, is_ours: Callable[[Sequence[str]], bool]
) -> set[str]:
    """List the files that a former run wrote, relative to the folder of its record.

    Empty when there is no record of such a run. A record is never trusted with files
    that such a run does not write.

    Parameters
    ----------
    record
        JSON file with the keys ``format`` and ``files``; one of the files itself.
    form
        What ``format`` has to be.
    is_ours
        Tells from the parts of a relative path whether such a run writes it.
    """
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    if not isinstance(content, dict) or content.get("format") != form:
        return set()
    files = content.get("files")
    listed = files if isinstance(files, list) else []
    return {record.name, *(f for f in listed if isinstance(f, str) and is_ours(_split(f)))}


def check_folder(
    out: str | Path,
    overwrite: bool,
    planned: Iterable[str],
    own: Collection[str],
    folders: Iterable[str],
) -> None:
    """Find out whether files of any kind of result can be written to a folder.

    Parameters
    ----------
    out
        Folder for the results; nothing is left in it by the check.
    overwrite
        Whether files of a former result may be replaced.
    planned
        Files that will be written, relative to `out`.
    own
        Files of a former result there.
    folders
        Folders that will be made in `out`.

    Raises
    ------
    OutputError
        If `out` is not empty and `overwrite` is not set, if a file of somebody else is in
        the way, or if files cannot be written.
    """
    out = Path(out)
    with explained(out, "results"):
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out} is a file. Choose a folder for the results.")
        found = sorted(path.name for path in _entries(out))
        if found and not overwrite:
            raise OutputError(
                f"The folder {out} is not empty, it holds {list_some(found)}. Choose "
                "another folder, or add --overwrite to replace the results of a former "
                "run; other files are kept."
            )
        foreign = [file for file in planned if file not in own and (out / file).exists()]
        foreign += [name for name in folders if (out / name).is_file()]
        if foreign:
            raise OutputError(
                f"{out} holds {list_some(foreign)}, not written by a former run. Choose "
                "another folder, or move what is in the way."
            )
        probe_folder(out)


def _split(file: str) -> Sequence[str]:
    """Parts of a relative path; none where it leads elsewhere."""
    parts = file.split("/")
    return () if {"", ".", ".."} & set(parts) else parts


def _entries(out: Path) -> list[Path]:
    return [path for path in out.iterdir() if not is_staging(path)] if out.is_dir() else []


def probe_folder(out: Path) -> None:
    """Write a little where the results will be, without leaving a trace.

    Raises
    ------
    OSError
        If that cannot be written.
    """
    place = next(path for path in (out, *out.absolute().parents) if path.exists())
    with tempfile.NamedTemporaryFile(prefix=STAGING_PREFIX, dir=place) as file:
        file.write(bytes(_PROBE_BYTES))
        file.flush()

"""A folder that results of any kind are written to, whole, over nobody else's files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class ResultKind:
    """What a kind of run writes into its folder.

    Attributes
    ----------
    form, version
        What ``format`` and ``format_version`` in its record say.
    record
        JSON file with the keys ``format`` and ``files``, all that it wrote.
    files
        At the top of the folder, the record among them.
    folders
        Of pictures, in the folder.
    derived
        At the top of the folder, made from those files later. They say nothing of the
        next result, and go with the former.
    """

    form: str
    version: int
    record: str
    files: tuple[str, ...]
    folders: tuple[str, ...]
    derived: tuple[str, ...] = ()

    def own_files(self, out: Path) -> set[str]:
        """List the files that a former run wrote, relative to `out`.

        Empty when there is no record of such a run. A record is never trusted with files
        that such a run does not write.
        """
        try:
            content = json.loads((out / self.record).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return set()
        if not isinstance(content, dict) or content.get("format") != self.form:
            return set()
        files = content.get("files")
        listed = files if isinstance(files, list) else []
        ours = {f for f in listed if isinstance(f, str) and self._is_ours(_split(f))}
        return {self.record, *ours}

    def check(self, out: str | Path, overwrite: bool, pictures: Iterable[str]) -> None:
        """Find out, before a long run, whether its results can be written.

        Parameters
        ----------
        out
            Folder for the results; nothing is left in it by the check.
        overwrite
            Whether files of a former result may be replaced.
        pictures
            Those that will be written, relative to `out`.

        Raises
        ------
        OutputError
            If `out` is not empty and `overwrite` is not set, if a file of somebody else
            is in the way, or if files cannot be written.
        """
        out = Path(out)
        with explained(out, "results"):
            if out.exists() and not out.is_dir():
                raise OutputError(f"{out} is a file. Choose a folder for the results.")
            found = sorted(path.name for path in _entries(out))
            if found and not overwrite:
                raise OutputError(
                    f"The folder {out} is not empty, it holds {list_some(found)}. Choose "
                    "another folder, or add --overwrite (in Python overwrite=True) to "
                    "replace the results of a former run; other files are kept."
                )
            own = self.own_files(out)
            planned = (file for file in (*pictures, *self.files) if file not in own)
            foreign = [file for file in planned if (out / file).exists()]
            foreign += [name for name in self.folders if (out / name).is_file()]
            if foreign:
                raise OutputError(
                    f"{out} holds {list_some(foreign)}, not written by a former run. "
                    "Choose another folder, or move what is in the way."
                )
            probe_folder(out)

    @contextmanager
    def replacing(self, out: Path) -> Iterator[Path]:
        """Give an empty folder, whose files take the place of a former result in the end.

        Files of the former result without a successor, and those derived from it, go. When
        the block raises, `out`, which is made if there is none, is left as it was.

        Raises
        ------
        OutputError
            If the files cannot be written.
        """
        former = self.own_files(out)
        former |= set(self.derived) if former else set()
        with explained(out, "results"), made_folder(out):
            remove_staging(out)
            with staging_folder(out) as staging:
                new = staging / "new"
                new.mkdir()
                yield new
                files = (path for path in new.rglob("*") if path.is_file())
                written = {path.relative_to(new).as_posix() for path in files}
                publish(new, staging / "old", out, sorted(former - written))

    def _is_ours(self, parts: Sequence[str]) -> bool:
        """Tell from the parts of a relative path whether such a run writes it."""
        if len(parts) == 1:
            return parts[0] in self.files
        in_folder = len(parts) > 1 and parts[0] in self.folders
        return in_folder and parts[-1].endswith(".png")


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


def _split(file: str) -> Sequence[str]:
    """Parts of a relative path; none where it leads elsewhere."""
    parts = file.split("/")
    return () if {"", ".", ".."} & set(parts) else parts


def _entries(out: Path) -> list[Path]:
    return [path for path in out.iterdir() if not is_staging(path)] if out.is_dir() else []

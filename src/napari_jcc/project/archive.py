"""A zip archive of one JSON document and numpy arrays; nothing in it is ever executed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from napari_jcc.errors import InputError
from napari_jcc.pipeline.codec import DAMAGE

OUTLINE = "project.json"

_FIRST_BYTES = b"PK\x03\x04"
_COMPRESSION = 1  # masks and label maps shrink well at once; more only takes longer
_LARGE = 1 << 30


def write_archive(
    file: BinaryIO, outline: Mapping[str, Any], arrays: Iterable[tuple[str, NDArray[Any]]]
) -> None:
    """Write `outline` as JSON, and every array under its name as numpy's own format.

    Parameters
    ----------
    file
        Where to write.
    outline
        What JSON can hold.
    arrays
        Name, ending in ``.npy``, and array of numbers.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If an array holds objects, or the outline a number that is not finite.
    """
    with zipfile.ZipFile(
        file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION
    ) as archive:
        # ASCII, as names of files need not be valid text.
        archive.writestr(_entry(OUTLINE), json.dumps(outline, indent=1, allow_nan=False))
        for name, array in arrays:
            large = array.nbytes > _LARGE
            with archive.open(_entry(name), "w", force_zip64=large) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


class ArchiveReader:
    """The open archive; see `reading`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def outline(self) -> Any:
        """Read the JSON document."""
        return json.loads(self._archive.read(OUTLINE))

    def array(self, name: str) -> NDArray[Any]:
        """Read one array."""
        content = io.BytesIO(self._archive.read(name))
        return np.lib.format.read_array(content, allow_pickle=False)


@contextmanager
def reading(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive that `write_archive` wrote.

    Raises
    ------
    InputError
        If there is no such file, it is something else, or it is damaged; also when that
        shows only inside the block.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if OUTLINE not in archive.namelist():
                raise InputError(_foreign(path))
            yield ArchiveReader(archive)
    except OSError as error:
        raise InputError(
            f"Cannot read the project {path}: {error.strerror or error}. Check the "
            "spelling, and that you may read the file."
        ) from error
    except DAMAGE as error:
        if not _begins_as_archive(path):
            raise InputError(_foreign(path)) from error
        raise InputError(
            f"The project {path} is cut off or damaged ({error}). Copy it again from "
            "where it came from, or open an earlier copy; napari offers the last "
            "automatic copy of a session that ended badly."
        ) from error


def _entry(name: str) -> zipfile.ZipInfo:
    # A fixed time stamp, so that the same project gives the same bytes.
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _begins_as_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_FIRST_BYTES)) == _FIRST_BYTES


def _foreign(path: Path) -> str:
    return (
        f"{path} is not a project of napari-jcc. Choose a .jcc file that the window or "
        "save_project wrote."
    )

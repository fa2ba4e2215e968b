"""Where the files of a result lie in its folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from napari_jcc.results.folder import ResultKind

MASKS = "masks"
INSTANCES = "instances"
BOXES = "boxes.csv"
OVERVIEW = "overview.png"
MEASURES = "measures.csv"
RECORD = "run.json"
RESULT = ResultKind(
    "napari-jcc result",
    1,
    RECORD,
    (BOXES, OVERVIEW, RECORD),
    (MASKS, INSTANCES),
    derived=(MEASURES,),
)

# Half characters are no text; those from dc80 to dcff stand for bytes that were none.
_HALVES = "\ud800-\udc7f\udd00-\udfff"
_REFUSED = r'\x00-\x1f<>:"|?*\\' if os.name == "nt" else r"\x00"
_FORBIDDEN = re.compile(f"[{_HALVES}{_REFUSED}]")
_LONGEST = 200  # bytes of a name; file systems take 255, extension and number included


def mask_files(names: Iterable[str]) -> list[str]:
    """Place the mask of every image: ``masks/<name>.png``, relative to the result's folder.

    Parameters
    ----------
    names
        Names of images; slashes make subfolders.

    Returns
    -------
    list of str
        One per name, in order, all different even where case is ignored, none outside
        ``masks``. Parts that a file system refuses are replaced.
    """
    return place_files(names, MASKS, ".png")


def instances_file(mask_file: str) -> str:
    """Place the numbered objects of the image whose mask lies in `mask_file`."""
    return INSTANCES + mask_file[len(MASKS) :]


def place_files(names: Iterable[str], folder: str, extension: str) -> list[str]:
    """Place a file for every image; see `mask_files`, which is ``masks`` and ``.png``."""
    taken: set[str] = set()
    return [_place(name, folder, extension, taken) for name in names]


def _place(name: str, folder: str, extension: str, taken: set[str]) -> str:
    base = PurePosixPath(folder, *(_safe_part(part) for part in name.split("/")))
    number, place = 1, f"{base}{extension}"
    while _key(place) in taken:
        number += 1
        place = f"{base}_{number}{extension}"
    taken.add(_key(place))
    return place


def _safe_part(part: str) -> str:
    if part in ("", ".", ".."):
        return "_"
    part = _FORBIDDEN.sub("_", part)
    code = part.encode("utf-8", "surrogateescape")
    return part if len(code) <= _LONGEST else code[:_LONGEST].decode("utf-8", "ignore")


def _key(place: str) -> str:
    return unicodedata.normalize("NFC", place).casefold()

"""Where the files of a matched set lie in its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from napari_jcc.results.names import MASKS, mask_files, place_files

PAIRS = "pairs.csv"
POINTS = "points.csv"
OVERVIEW = "overview.png"
RECORD = "match.json"
WARPED = "warped"
FOLDERS = (MASKS, WARPED)
FORMAT = "napari-jcc match"


def warped_files(names: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    """Place the warped image of every pair: ``warped/<target>/<source>.png``."""
    joined = [f"{names[target]}/{names[source]}" for source, target in pairs]
    return place_files(joined, WARPED, ".png")


def plan_files(
    names: Sequence[str], pairs: Sequence[tuple[int, int]], *, warped: bool, masks: bool
) -> list[str]:
    """List the files of a result, relative to its folder."""
    files = mask_files(names) if masks else []
    files += warped_files(names, pairs) if warped else []
    return [*files, PAIRS, POINTS, OVERVIEW, RECORD]


def read_own_files(out: Path) -> set[str]:
    """List the files that a former run of matching wrote into `out`, relative to it.

    Empty when there is no record of such a run. A record is never trusted with files that
    matching does not write.
    """
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        return set()
    files = record.get("files")
    listed = files if isinstance(files, list) else []
    return {RECORD, *(file for file in listed if isinstance(file, str) and _is_ours(file))}


def _is_ours(file: str) -> bool:
    first, *rest = file.split("/")
    if not rest:
        return file in (PAIRS, POINTS, OVERVIEW, RECORD)
    return first in FOLDERS and file.endswith(".png") and not {"", ".", ".."} & set(rest)

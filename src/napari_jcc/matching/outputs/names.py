"""Where the files of a matched set lie in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_jcc.results.folder import read_listed_files
from napari_jcc.results.names import MASKS, mask_files, place_files

PAIRS = "pairs.csv"
POINTS = "points.csv"
OVERVIEW = "overview.png"
RECORD = "match.json"
WARPED = "warped"
FOLDERS = (MASKS, WARPED)
FORMAT = "napari-jcc match"


def warped_files(
    names: Sequence[str], pairs: Sequence[tuple[int, int]], instances: Sequence[int] = ()
) -> list[str]:
    """Place the warped image of every pair: ``warped/<target>/<source>.png``.

    ``_2`` and so on are added for all but the first of several instances.
    """
    joined = [f"{names[target]}/{names[source]}" for source, target in pairs]
    for place, instance in enumerate(instances):
        joined[place] += f"_{instance}" if instance > 1 else ""
    return place_files(joined, WARPED, ".png")


def plan_files(
    names: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    instances: Sequence[int] = (),
    *,
    warped: bool,
    masks: bool,
) -> list[str]:
    """List the files of a result, relative to its folder."""
    files = mask_files(names) if masks else []
    files += warped_files(names, pairs, instances) if warped else []
    return [*files, PAIRS, POINTS, OVERVIEW, RECORD]


def read_own_files(out: Path) -> set[str]:
    """List the files that a former run of matching wrote; see `read_listed_files`."""
    return read_listed_files(out / RECORD, FORMAT, _is_ours)


def _is_ours(parts: Sequence[str]) -> bool:
    if len(parts) == 1:
        return parts[0] in (PAIRS, POINTS, OVERVIEW, RECORD)
    return len(parts) > 1 and parts[0] in FOLDERS and parts[-1].endswith(".png")

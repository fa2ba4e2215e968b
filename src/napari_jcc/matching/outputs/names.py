"""Where the files of a matched set lie in its folder."""

from __future__ import annotations

from collections.abc import Sequence

from napari_jcc.results.folder import ResultKind
from napari_jcc.results.names import MASKS, mask_files, place_files

PAIRS = "pairs.csv"
POINTS = "points.csv"
OVERVIEW = "overview.png"
RECORD = "match.json"
WARPED = "warped"
MATCH = ResultKind(
    "napari-jcc match", 1, RECORD, (PAIRS, POINTS, OVERVIEW, RECORD), (MASKS, WARPED)
)


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


def plan_pictures(
    names: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    instances: Sequence[int] = (),
    *,
    warped: bool,
    masks: bool,
) -> list[str]:
    """List the pictures of a result, relative to its folder."""
    files = mask_files(names) if masks else []
    return files + (warped_files(names, pairs, instances) if warped else [])

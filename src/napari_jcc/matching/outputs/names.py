"""Where the files of a matched set lie in its folder."""

from __future__ import annotations

from collections.abc import Sequence

from napari_jcc.results.folder import ResultKind
from napari_jcc.results.names import MASKS, place_files

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

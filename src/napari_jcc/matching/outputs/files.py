"""A matched set written to a folder.

- ``pairs.csv``: a line per pair and instance, with confidence, share of inliers, cycle
  error and the transformations,
- ``points.csv``: points that belong together, in pixels of source and target,
- ``masks/<name>.png``: 0 and 255, where the matcher finds objects,
- ``warped/<target>/<source>.png``: the source drawn in the place of the target, and ``_2``
  and so on by its further instances,
- ``overview.png``: some of the pairs side by side,
- ``match.json``: settings, versions, images, what matched, what to doubt, and the command.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_jcc.collection import ImageCollection
from napari_jcc.matching.outputs.names import (
    MATCH,
    OVERVIEW,
    PAIRS,
    POINTS,
    RECORD,
    warped_files,
)
from napari_jcc.matching.outputs.overview import draw_matches
from napari_jcc.matching.outputs.result import MatchResult
from napari_jcc.matching.outputs.tables import PointTable, write_pairs
from napari_jcc.matching.outputs.warping import warp_image
from napari_jcc.matching.turned_pair import list_turns, name_turned
from napari_jcc.progress import Progress, as_progress
from napari_jcc.results.names import mask_files
from napari_jcc.results.pictures import save_picture, to_gray
from napari_jcc.results.record import describe_run, to_plain, write_record
from napari_jcc.tables import open_csv


def check_match_output(
    out: str | Path,
    names: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    *,
    overwrite: bool = False,
    warped: bool = True,
) -> None:
    """Find out, before a long run, whether its results can be written.

    Parameters
    ----------
    out
        Folder for the results; nothing is left in it by the check.
    names
        Names of the images.
    pairs
        Source and target of every pair.
    overwrite
        Whether files of a former result may be replaced.
    warped
        Whether warped images will be written.

    Raises
    ------
    OutputError
        As `write_matches` would.
    """
    drawn = warped_files(names, pairs) if warped else []
    MATCH.check(out, overwrite, [*mask_files(names), *drawn])


def write_matches(
    result: MatchResult,
    collection: ImageCollection,
    out: str | Path,
    *,
    overwrite: bool = False,
    warped: bool = True,
    command: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a matched set as files that other programs read, those named above.

    All of them are put in place together at the end: when that fails, or the user cancels,
    a former result is left as it was.

    Parameters
    ----------
    result, collection
        The matched set, and its images.
    out
        Folder, made if there is none.
    overwrite
        Replace the files of a former result. Files of others are never touched.
    warped
        Whether to write warped images.
    command
        Command line that repeats the run, for the record.
    progress
        Told of every pair; cancels.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    OutputError
        If `out` is not empty and `overwrite` is not set, if a file of somebody else is in
        the way, or if the files cannot be written.
    InputError
        If an image cannot be read any more.
    Cancelled
        If the progress was cancelled.
    """
    out = Path(out)
    places = [(pair.source, pair.target) for pair in result.pairs]
    check_match_output(out, result.names, places, overwrite=overwrite, warped=warped)
    instances = [pair.instance for pair in result.pairs]
    drawn = warped_files(result.names, places, instances) if warped else []
    masks = [] if result.masks is None else mask_files(result.names)
    with MATCH.replacing(out) as new:
        for mask, file in zip(result.masks or (), masks, strict=True):
            save_picture(to_gray(mask), new / file)
        _write_pairs(result, collection, new, drawn, as_progress(progress))
        draw_matches(result, collection).save(new / OVERVIEW)
        files = [*masks, *drawn, *MATCH.files]
        write_record(build_record(result, collection, files, command), new / RECORD)
    return out


def build_record(
    result: MatchResult,
    collection: ImageCollection,
    files: Sequence[str],
    command: str | None,
) -> dict[str, Any]:
    """Collect what is worth knowing about a run: texts, numbers, lists and dicts only."""
    record = {
        **describe_run(MATCH, command),
        "matcher": result.origin,
        "images": [
            {"name": name, "source": collection.location(place)}
            for place, name in enumerate(result.names)
        ],
        "skipped": result.skipped,
        "turned": name_turned(list_turns(result.names, result.pairs)),
        "pairs": sum(pair.instance == 1 for pair in result.pairs),
        "instances": len(result.pairs),
        "notes": result.notes,
        "config": result.config.model_dump(mode="json"),
        "files": list(files),
    }
    plain: dict[str, Any] = to_plain(record)
    return plain


def _write_pairs(
    result: MatchResult,
    collection: ImageCollection,
    new: Path,
    drawn: Sequence[str],
    progress: Progress,
) -> None:
    """Write the tables, and the warped images, if there are to be any, one at a time."""
    files = drawn or [""] * len(result.pairs)
    counts = []
    progress.start("Writing", len(files))
    with open_csv(new / POINTS, result.names) as file:
        points = PointTable(file, result.names)
        for pair, place in zip(result.pairs, files, strict=True):
            found = result.correspondences(pair)
            points.write(pair, found)
            counts.append(len(found.confidence))
            if place:
                picture = warp_image(collection.image(pair.source), pair)
                save_picture(picture, new / place)
            progress.advance()
    with open_csv(new / PAIRS, result.names) as file:
        write_pairs(file, result.names, zip(result.pairs, counts, files, strict=True))

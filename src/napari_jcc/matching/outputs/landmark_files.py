"""Landmarks of a table carried to all images of a folder, and the tables this gives."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from napari_jcc.atomic import explained, filling
from napari_jcc.collection import ByName, ImageCollection, describe_skipped
from napari_jcc.collection.readable import keep_readable
from napari_jcc.config import MatchingConfig
from napari_jcc.errors import InputError, OutputError
from napari_jcc.matching.baselines import PairMatcher
from napari_jcc.matching.facing import WAYS, find_turns
from napari_jcc.matching.landmarks import (
    Landmarks,
    LandmarkTransfer,
    describe_outside,
    read_landmarks,
    with_placed,
    write_csv,
    write_tps,
)
from napari_jcc.matching.turned_pair import describe_turns
from napari_jcc.progress import Progress, as_progress
from napari_jcc.results.folder import probe_folder
from napari_jcc.words import list_some

CSV = "landmarks.csv"
TPS = "landmarks.tps"
KEPT_IMAGES = 32


@dataclass(frozen=True)
class CarriedLandmarks:
    """Landmarks of all images of a folder.

    Attributes
    ----------
    shapes
        Of every image, in natural order; points without confidence were placed.
    heights
        Height in pixels by image.
    absent
        Images of the table that the folder does not hold.
    warnings
        In words: images that cannot be read, points given that lie outside of their
        images, images that were compared mirrored or turned, and those that agree with the
        placed ones far less than others.
    """

    shapes: tuple[Landmarks, ...]
    heights: Mapping[str, int]
    absent: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def found(self) -> tuple[Landmarks, ...]:
        """Those that were not placed, the least sure first."""
        sure = [
            (float(np.nanmin(shape.confidence)), place)
            for place, shape in enumerate(self.shapes)
            if shape.confidence is not None
        ]
        return tuple(self.shapes[place] for _, place in sorted(sure))


def carry_landmarks(
    folder: str | Path,
    table: str | Path,
    matcher: PairMatcher | None = None,
    progress: Progress | None = None,
    *,
    recursive: bool = False,
    through: int = MatchingConfig().through,
    facing: str = MatchingConfig().facing,
) -> CarriedLandmarks:
    """Carry the landmarks of a table to all images of a folder.

    Parameters
    ----------
    folder
        The images.
    table
        Landmarks of some of them, ``.tps`` or ``.csv``. Points with a confidence count as
        found by a former run and are found anew, as missing points are. Images whose
        points are all placed teach the others; single placed points stay where they are.
    matcher
        Matches the whole images; registration by gradients when None.
    progress
        Told of every image; cancels.
    recursive
        Whether folders inside the folder are searched too. Tables then name images by
        their place in `folder`, with ``/``.
    through
        Largest number of intermediate images; see ``matching.through``.
    facing
        How images may lie beside each other, one of `WAYS`; see ``matching.facing``.

    Raises
    ------
    InputError
        If the table cannot be read, holds no image of the folder, or places all points on
        none.
    WeightsError
        If the encoder behind the matcher cannot be had or used.
    Cancelled
        If the progress was cancelled.
    """
    progress = as_progress(progress)
    folder, table = Path(folder), Path(table)
    opened = ImageCollection.from_folder(folder, recursive=recursive)
    collection = keep_readable(opened, progress)
    names = _name_in_folder(collection, folder)
    images = ByName(names, lru_cache(KEPT_IMAGES)(collection.image))
    given, absent = _read_given(table, folder, names)
    known = {name: shape for name, shape in given.items() if _is_complete(shape)}
    turns = find_turns(collection, WAYS[facing], progress)
    turned = dict(zip(names, turns, strict=True))
    tried = None if facing == "as_is" else turned
    transfer = LandmarkTransfer(images, matcher, through, tried)
    for name, shape in known.items():
        transfer.place(name, shape.points)
    transfer.match(progress)
    progress.start("Landmarks", len(names))
    shapes = []
    for name in names:
        shapes.append(known.get(name) or _keep(transfer.predict(name), given.get(name)))
        progress.advance()
    sizes = {name: collection.shape(place) for place, name in enumerate(names)}
    heights = {name: height for name, (height, _) in sizes.items()}
    outside = describe_outside((k, known[k].points, sizes[k]) for k in known)
    damaged = dict(collection.skipped.items() - opened.skipped.items())
    left_out = [f"Left out: {line}" for line in describe_skipped(damaged)]
    texts = *left_out, outside, describe_turns(turned), transfer.describe_odd()
    said = tuple(text for text in texts if text)
    return CarriedLandmarks(tuple(shapes), heights, absent, said)


def _read_given(
    table: Path, folder: Path, names: Sequence[str]
) -> tuple[dict[str, Landmarks], tuple[str, ...]]:
    """Read a table that places all points of at least one image.

    Returns
    -------
    given
        Landmarks by the names of the images.
    absent
        Images of the table that are none of these.
    """
    listed, absent = read_landmarks(table, folder)
    there = set(names)
    given = {shape.image: shape for shape in listed if shape.image in there}
    absent += [shape.image for shape in listed if shape.image not in there]
    if absent and not given:
        raise InputError(
            f"{table} is about {list_some(absent)}, which {folder} does not hold. Give "
            f"images the names of their files, such as {names[0]}."
        )
    if not any(map(_is_complete, given.values())):
        raise InputError(
            f"{table} places no landmarks on the {len(names)} images in {folder}. Place "
            "all of them on at least one, also hidden ones where they should be; points "
            "with a confidence were found, not placed: empty the confidence of those that "
            "you have corrected."
        )
    return given, tuple(absent)


def write_landmarks(
    carried: CarriedLandmarks, out: str | Path, *, overwrite: bool = False
) -> None:
    """Write ``landmarks.csv``, with confidences, and ``landmarks.tps`` to a folder.

    Raises
    ------
    OutputError
        If they are there and `overwrite` is not set, or cannot be written.
    """
    out = Path(out)
    check_landmark_output(out, overwrite=overwrite)
    with explained(out, "landmarks"), filling(out) as new:
        write_csv(new / CSV, carried.shapes)
        write_tps(new / TPS, carried.shapes, carried.heights)


def check_landmark_output(out: Path, *, overwrite: bool = False) -> None:
    """Find out, before a long run, whether landmarks may be written to a folder.

    Raises
    ------
    OutputError
        As `write_landmarks`.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file. Choose a folder for the landmarks.")
    there = [name for name in (CSV, TPS) if (out / name).exists()]
    if there and not overwrite:
        raise OutputError(
            f"{out} holds {' and '.join(there)}. Choose another folder, or add --overwrite "
            "to replace landmarks."
        )
    with explained(out, "landmarks"):
        probe_folder(out)


def _is_complete(shape: Landmarks) -> bool:
    """Whether all points of an image were placed."""
    points = shape.points
    return shape.confidence is None and len(points) > 0 and bool(np.isfinite(points).all())


def _keep(found: Landmarks, given: Landmarks | None) -> Landmarks:
    """Landmarks found, with what the table says of their image and its placed points."""
    if given is None:
        return found
    found = replace(found, identity=given.identity, scale=given.scale, others=given.others)
    if not len(given.points):  # as tpsUtil lists images for tpsDig
        return found
    if len(given.points) != len(found.points):
        raise InputError(
            f"{found.image} has {len(given.points)} points in the table but the images "
            f"placed completely {len(found.points)}. List the same points on every image."
        )
    placed = given.points
    if given.confidence is not None:
        placed = np.where(np.isfinite(given.confidence)[:, None], np.nan, placed)
    return with_placed(found, placed)


def _name_in_folder(collection: ImageCollection, folder: Path) -> list[str]:
    """Names of the images as tables have them: their places in a folder."""
    files = [collection.location(i) for i in range(len(collection))]
    names = [Path(os.path.relpath(file, folder)).as_posix() for file in files]
    if len(set(names)) < len(names):
        raise InputError(
            "Some files hold several images, which tables of landmarks cannot name. "
            "Save every image as a file of its own."
        )
    return names

"""Carrying landmarks through a set, and its tables, without touching a widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.collection import ByName, ImageCollection
from napari_jcc.collection.turns import Turn
from napari_jcc.errors import InputError
from napari_jcc.matching.facing import WAYS, find_turns
from napari_jcc.matching.landmarks import (
    Landmarks,
    LandmarkTransfer,
    read_csv,
    read_tps,
    turn_over,
    with_placed,
    write_csv,
    write_tps,
)
from napari_jcc.matching.outputs import open_pair_matcher
from napari_jcc.matching.turned_pair import describe_turns
from napari_jcc.plugin.matching.choice import MatcherChoice
from napari_jcc.progress import Progress

KEPT_IMAGES = 32


class Carrier:
    """Carries landmarks from the images they were placed on to the others.

    What was found out about pairs of images is kept, so that carrying again after a
    correction is quick.

    Attributes
    ----------
    warning
        Which images were compared mirrored or turned, and which agree with the placed ones
        far less than others; empty if none.
    """

    def __init__(self, collection: ImageCollection, choice: MatcherChoice) -> None:
        self.choice = choice
        self.collection = collection
        self.warning = ""
        self._transfer: LandmarkTransfer | None = None
        self._turns: dict[str, Turn] = {}

    def carry(
        self, placed: Mapping[int, FloatArray], progress: Progress
    ) -> list[Landmarks]:
        """Find the landmarks of all images.

        Images on which every landmark was placed show what they look like. On those where
        some were, the others are found first; then these images show it too.

        Parameters
        ----------
        placed
            Points (K, 2) by place of the image; NaN where none was placed.
        progress
            Told of every image; cancels.

        Returns
        -------
        shapes
            One per image; confidence is NaN for points that were placed, and None for
            images on which all were.

        Raises
        ------
        InputError
            If all landmarks together are on no image.
        WeightsError
            If the matcher cannot be had or used.
        Cancelled
            If the progress was cancelled.
        """
        complete = {i: p for i, p in placed.items() if np.isfinite(p).all()}
        if not complete:
            count = max((len(points) for points in placed.values()), default=0)
            raise InputError(
                f"No image has all {count} landmarks. Place every point on one image, "
                "also hidden ones where they should be."
                if count
                else "No landmarks are placed. Press New, and place them on one image."
            )
        names = self.collection.names
        transfer = self._open(progress)
        for name in transfer.placed:
            transfer.remove(name)
        for place, points in complete.items():
            transfer.place(names[place], points)
        found = {place: Landmarks(names[place], p) for place, p in complete.items()}
        transfer.match(progress)
        progress.start("Landmarks", len(names))
        progress.advance(len(found))
        begun = [place for place in placed if place not in complete]
        for place in begun:
            found[place] = with_placed(transfer.predict(names[place]), placed[place])
            progress.advance()
        for place in begun:
            transfer.place(names[place], found[place].points)
        for place, name in enumerate(names):
            if place not in found:
                found[place] = transfer.predict(name)
                progress.advance()
        texts = describe_turns(self._turns), transfer.describe_odd()
        self.warning = " ".join(text for text in texts if text)
        return [found[place] for place in range(len(names))]

    def _open(self, progress: Progress) -> LandmarkTransfer:
        if self._transfer is None:
            names, facing = self.collection.names, self.choice.facing
            turns = find_turns(self.collection, WAYS[facing], progress)
            self._turns = dict(zip(names, turns, strict=True))
            tried = None if facing == "as_is" else self._turns
            matcher = open_pair_matcher(self.choice.network, self.choice.adapt)
            read = lru_cache(KEPT_IMAGES)(self.collection.image)
            images = ByName(names, read)
            self._transfer = LandmarkTransfer(images, matcher, turns=tried)
        return self._transfer


def save_landmarks(
    shapes: Sequence[Landmarks], collection: ImageCollection, path: str | Path
) -> Path:
    """Write landmarks as ``.tps`` or, by any other name, CSV; images without any left out.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path, files = Path(path), name_files(collection)
    named = [
        replace(shape, image=file)
        for shape, file in zip(shapes, files, strict=True)
        if np.isfinite(shape.points).any()
    ]
    if path.suffix.lower() == ".tps":
        heights = {file: collection.shape(i)[0] for i, file in enumerate(files)}
        write_tps(path, named, heights)
    else:
        write_csv(path, named)
    return path


def load_landmarks(
    collection: ImageCollection, path: str | Path
) -> tuple[list[Landmarks | None], list[str]]:
    """Read landmarks from ``.tps`` or CSV.

    Returns
    -------
    shapes
        One per image of the collection, None where the table has none.
    absent
        Images of the table that the collection does not have.

    Raises
    ------
    InputError
        If the table cannot be read, or has none of the images.
    """
    path, files = Path(path), name_files(collection)
    is_tps = path.suffix.lower() == ".tps"
    read = read_tps(path) if is_tps else read_csv(path)
    listed = {PurePath(s.image).name if is_tps else s.image: s for s in read}
    shapes: list[Landmarks | None] = []
    known = set()
    for place, (file, name) in enumerate(zip(files, collection.names, strict=True)):
        key = next((k for k in (file, name) if k in listed), None)
        shape = None if key is None else listed[key]
        if shape is not None and is_tps:
            points = turn_over(shape.points, collection.shape(place)[0])
            shape = replace(shape, points=points)
        shapes.append(shape)
        known.add(key)
    if not known - {None}:
        raise InputError(
            f"{path.name} lists {', '.join(list(listed)[:3])}, and so on; none of them is "
            f"among the images ({', '.join(files[:3])}). Choose the images it is about."
        )
    return shapes, [name for name in listed if name not in known]


def name_files(collection: ImageCollection) -> list[str]:
    """Names of the images as tables have them: those of their files, if they are apart."""
    files = [Path(collection.location(i)).name for i in range(len(collection))]
    alone = all(files) and len(set(files)) == len(files)
    return files if alone else list(collection.names)

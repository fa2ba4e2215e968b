"""Landmarks of all images as one Points layer, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from napari.layers import Points

from napari_jcc._types import FloatArray
from napari_jcc.matching.landmarks import Landmarks
from napari_jcc.matching.outputs.confidence import colour_by_confidence
from napari_jcc.plugin.placement import PLACEMENT_KEY, Placement

PLACED, PREDICTED = "placed", "predicted"
_WHITE = np.ones(4, np.float32)
_SAID = "napari_jcc_tps"
"""Key in a layer's metadata of what a TPS file says of images beside their points."""


class _Row(NamedTuple):
    place: int
    number: int
    x: float
    y: float
    status: str
    confidence: float


class LandmarkPoints:
    """Numbered points of a Points layer, on the images of a stack.

    The layer's features say of every point: ``landmark``, its number from 1; ``image``;
    ``status``, placed or predicted; ``confidence``, NaN where a person placed it.
    """

    def __init__(self, layer: Points, placement: Placement, names: Sequence[str]) -> None:
        self.layer = layer
        self.names = tuple(names)
        self._placement = placement
        self._slots = {slot: place for place, slot in enumerate(placement.slots)}

    @property
    def places(self) -> list[int]:
        """Image of every point; -1 for points that lie on none."""
        points = self.layer.data[:, : len(self._placement.leading)]
        slots = self._placement.slots_at(points).tolist()
        return [self._slots.get(slot, -1) for slot in slots]

    @property
    def are_here(self) -> bool:
        """Whether the layer holds landmarks, and calls none one of other images."""
        if "landmark" not in self.layer.features:
            return False
        kept = self.layer.metadata.get(PLACEMENT_KEY)
        if kept is not None and kept.shape != self._placement.shape:
            return False
        rows = zip(self.places, self._feature("image", ""), strict=True)
        said = ((i, name) for i, name in rows if isinstance(name, str) and name)
        return all(i >= 0 and self.names[i] == name for i, name in said)

    def shapes(self) -> list[Landmarks]:
        """Landmarks of every image, in the order of the images.

        All have as many points as the highest number; NaN where one is missing. The
        confidence of an image is None where all its points were placed, and NaN for
        single points that were.
        """
        numbers = self._numbers()
        count = max(numbers, default=0)
        confidence = np.asarray(self._feature("confidence", np.nan), float)
        points = np.full((len(self.names), count, 2), np.nan)
        sure = np.full((len(self.names), count), np.nan)
        for row, (place, number) in enumerate(zip(self.places, numbers, strict=True)):
            if place >= 0 and number > 0:
                points[place, number - 1] = self.layer.data[row][:-3:-1]
                sure[place, number - 1] = confidence[row]
        said = self.layer.metadata.get(_SAID, {})
        return [
            Landmarks(
                name,
                points[i],
                sure[i] if np.isfinite(sure[i]).any() else None,
                **said.get(name, {}),
            )
            for i, name in enumerate(self.names)
        ]

    def placed(self) -> dict[int, FloatArray]:
        """Points (K, 2), x and y, that a person placed, by image; NaN for all others."""
        found = {}
        for place, shape in enumerate(self.shapes()):
            points = shape.points.copy()
            if shape.confidence is not None:
                points[np.isfinite(shape.confidence)] = np.nan
            if np.isfinite(points).any():
                found[place] = points
        return found

    def put(self, shapes: Iterable[Landmarks | None]) -> None:
        """Show landmarks of every image; None leaves an image as it is.

        Points that a person placed stay where they are, whatever `shapes` says of them.
        """
        kept, now = self.placed(), self.shapes()
        rows: list[_Row] = []
        for place, given in enumerate(shapes):
            shape = now[place] if given is None else given
            said = {key: getattr(shape, key) for key in ("identity", "scale", "others")}
            if any(said.values()):
                self.layer.metadata.setdefault(_SAID, {})[self.names[place]] = said
            fixed = kept.get(place, np.empty((0, 2)))
            for k in range(max(len(shape.points), len(fixed))):
                rows += _choose(shape, fixed, place, k)
        self._fill(rows)

    def mark_placed(self, rows: Iterable[int]) -> None:
        """Say that a person placed points, and number those that have no number yet.

        A point that was moved to an image which has its number already counts as new.
        """
        count, places, numbers = len(self.layer.data), self.places, self._numbers()
        features = self.layer.features.copy()
        for row in sorted({row % count for row in rows}):
            others = {
                numbers[i] for i in range(count) if i != row and places[i] == places[row]
            }
            if numbers[row] < 1 or numbers[row] in others:
                free = (n for n in range(1, count + 2) if n not in others)
                numbers[row] = next(free)
            features.loc[row, ["status", "confidence"]] = [PLACED, np.nan]
        features["landmark"] = np.asarray(numbers, int)
        features["image"] = [self.names[i] if i >= 0 else "" for i in places]
        self.layer.features = features
        self.recolour()

    def mark_new(self, rows: Iterable[int]) -> None:
        """Say that a person drew points: whatever napari copied to them is forgotten."""
        rows = {row % len(self.layer.data) for row in rows}
        features = self.layer.features.copy()
        features["landmark"] = np.asarray(self._numbers(), int)
        features.loc[sorted(rows), "landmark"] = 0
        self.layer.features = features
        self.mark_placed(rows)

    def adopt(self) -> None:
        """Give points that somebody else drew their numbers, in the order drawn."""
        numbers = self._numbers()
        without = [row for row, number in enumerate(numbers) if number < 1]
        status = np.asarray(self._feature("status", PLACED), object)
        features = self.layer.features.copy()
        features["landmark"] = np.asarray(numbers, int)
        features["image"] = [self.names[i] if i >= 0 else "" for i in self.places]
        features["status"] = np.where(status == PREDICTED, PREDICTED, PLACED)
        features["confidence"] = np.asarray(self._feature("confidence", np.nan), float)
        self.layer.features = features
        self.mark_placed(without)

    def recolour(self) -> None:
        """Colour placed points white and found ones by their confidence."""
        if not len(self.layer.data):
            return
        features = self.layer.features
        sure = np.asarray(features["confidence"], float)
        colours = colour_by_confidence(sure)
        colours[np.asarray(features["status"] == PLACED)] = _WHITE
        self.layer.face_color = colours

    def _fill(self, rows: list[_Row]) -> None:
        index = [self._placement.index_of(self._placement.slots[row.place]) for row in rows]
        ends = np.array([(row.y, row.x) for row in rows], float).reshape(-1, 2)
        axes = len(self._placement.leading)
        self.layer.data = np.hstack([np.array(index, float).reshape(-1, axes), ends])
        self.layer.features = {
            "landmark": np.array([row.number for row in rows], int),
            "image": np.array([self.names[row.place] for row in rows], object),
            "status": np.array([row.status for row in rows], object),
            "confidence": np.array([row.confidence for row in rows], float),
        }
        self.layer.selected_data = set()
        self.recolour()

    def _numbers(self) -> list[int]:
        numbers = np.asarray(self._feature("landmark", 0), float)
        return [int(number) for number in np.nan_to_num(numbers)]

    def _feature(self, name: str, missing: Any) -> Any:
        features = self.layer.features
        if name in features:
            return features[name]
        return [missing] * len(self.layer.data)


def new_layer(placement: Placement, name: str) -> Points:
    """Make an empty layer for landmarks on images."""
    return Points(
        np.empty((0, len(placement.shape))),
        ndim=len(placement.shape),
        name=name,
        size=max(6, round(max(placement.canvas) / 50)),
        face_color="white",
        border_color="black",
        border_width=0.1,
        features={
            "landmark": np.empty(0, int),
            "image": np.empty(0, object),
            "status": np.empty(0, object),
            "confidence": np.empty(0, float),
        },
        text={
            "string": "{landmark}",
            "color": "magenta",  # seen on dark and on light images
            "size": 12,
            "anchor": "upper_left",
        },
        metadata={PLACEMENT_KEY: placement},
        **placement.transform,
    )


def _choose(shape: Landmarks, fixed: FloatArray, place: int, k: int) -> list[_Row]:
    """List landmark number k + 1 of an image, as it was placed or else is in `shape`."""
    if k < len(fixed) and np.isfinite(fixed[k]).all():
        return [_Row(place, k + 1, fixed[k, 0], fixed[k, 1], PLACED, np.nan)]
    if k >= len(shape.points) or not np.isfinite(shape.points[k]).all():
        return []
    sure = np.nan if shape.confidence is None else float(shape.confidence[k])
    status = PREDICTED if np.isfinite(sure) else PLACED
    x, y = shape.points[k]
    return [_Row(place, k + 1, x, y, status, sure)]

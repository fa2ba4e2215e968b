"""Every object of a result with its measures, numbered through the whole set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_jcc.collection import ByName, ImageCollection
from napari_jcc.collection.axes import has_depth
from napari_jcc.plugin.lazy_stack import LazyLabels
from napari_jcc.plugin.pixel_size import PixelSize
from napari_jcc.plugin.placement import PLACEMENT_KEY, Placement
from napari_jcc.progress import Progress
from napari_jcc.results import ImageResult
from napari_jcc.results.measure import (
    Measurements,
    measure_images,
    measured_objects,
    note_slices,
)


@dataclass(frozen=True)
class MeasuredObjects:
    """Objects of a set of images.

    Attributes
    ----------
    measurements
        One row per object.
    images
        The answers that were measured.
    placement
        Where they lie.
    """

    measurements: Measurements
    images: tuple[ImageResult, ...]
    placement: Placement

    def to_layer(self, name: str, transform: Mapping[str, Any]) -> Labels:
        """Return a layer in which row k of the features is about label k.

        Labels of the masks begin anew in every image, so they cannot name the rows.
        """
        rows = list(self.measurements.rows)
        counts = Counter(row["image"] for row in rows)
        sizes = [counts[image.name] for image in self.images]
        starts = [0, *accumulate(sizes)]

        def draw(place: int) -> NDArray[Any]:
            objects = measured_objects(self.images[place])
            own = rows[starts[place] : starts[place + 1]]  # by ascending number
            places = np.searchsorted([row["object"] for row in own], objects)
            return np.where(objects > 0, places + starts[place] + 1, 0)

        layer = Labels(
            LazyLabels(self.placement, draw, np.int32),
            name=name,
            features=_columns(rows),
            opacity=0.5,
            metadata={PLACEMENT_KEY: self.placement},
            **transform,
        )
        layer.contour = 2
        return layer


def measure_set(
    images: Sequence[ImageResult],
    collection: ImageCollection,
    placement: Placement,
    size: PixelSize,
    progress: Progress,
) -> MeasuredObjects:
    """Measure all objects, image by image; may run in another thread.

    Raises
    ------
    Cancelled
        If the progress was cancelled.
    InputError
        As `measure_images`.
    """
    progress.start("Measures", len(images))
    pictures = ByName(collection.names, collection.raw)
    rows: list[Mapping[str, Any]] = []
    notes = note_slices(has_depth(collection.axes))
    for image in images:
        found = measure_images([image], pictures, spacing=size.spacing, unit=size.unit)
        rows += found.rows
        notes += found.notes
        progress.advance()
    return MeasuredObjects(
        Measurements(tuple(rows), tuple(notes)), tuple(images), placement
    )


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Columns of the features table, whose first row napari takes for the background's."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = {name: [row.get(name, np.nan) for row in rows] for name in names}
    first = {name: "" if isinstance(found[name][0], str) else np.nan for name in names}
    first["image"] = "(background)"
    return {name: [first[name], *values] for name, values in found.items()}

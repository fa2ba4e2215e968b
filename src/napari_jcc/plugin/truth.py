"""The truth that the user has chosen: a layer, or files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_jcc.collection import ImageCollection
from napari_jcc.evaluation import Truth, find_truth, slices_of_labels
from napari_jcc.plugin.placement import Placement
from napari_jcc.sweep.scoring import KnownTruth

if TYPE_CHECKING:
    from napari.layers import Labels

ReadTruth: TypeAlias = Callable[[ImageCollection, Placement], KnownTruth]


@dataclass(frozen=True, eq=False)
class TruthChoice:
    """Where the truth is.

    Attributes
    ----------
    layer
        Labels on the same slices as the images; None if it is in files.
    folder
        Folder of masks named like the images, or a table of boxes; None if in a layer.
    """

    layer: Labels | None = None
    folder: Path | None = None

    @property
    def title(self) -> str:
        """Name for lists."""
        if self.folder is not None:
            return self.folder.name or str(self.folder)
        return "" if self.layer is None else str(self.layer.name)

    def reader(self) -> ReadTruth:
        """Return a function that reads the truth and may run in another thread."""
        if self.folder is not None:
            folder = self.folder
            return lambda collection, _: _read_folder(folder, collection)
        data = None if self.layer is None else self.layer.data
        return lambda collection, placement: _read_labels(data, collection, placement)


def _read_folder(folder: Path, collection: ImageCollection) -> Truth:
    places = [collection.location(i) for i in range(len(collection))]
    images = {Path(place).resolve() for place in places if place}
    return find_truth(folder, collection.names, images)


def _read_labels(
    data: Any, collection: ImageCollection, placement: Placement
) -> dict[str, NDArray[Any]]:
    labels = np.asarray(data)
    slices = labels.reshape(-1, *labels.shape[-2:])
    if len(slices) == placement.slices:
        slices = slices[list(placement.slots)]
    sizes = [collection.shape(i) for i in range(len(collection))]
    return slices_of_labels(slices, collection.names, sizes)

"""A folder written by a run, as layers."""

from __future__ import annotations

from pathlib import Path

from napari_jcc.collection import ImageCollection
from napari_jcc.plugin.layers import LayerData, to_layers
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.results.saved import SavedResult, read_result


def open_saved_result(folder: Path) -> list[LayerData]:
    """Read a saved result as layers: images where they still are, masks and boxes.

    Raises
    ------
    InputError
        If the result cannot be read.
    """
    saved = read_result(folder)
    collection = _find_images(saved)
    placement = Placement.of_stack(collection)
    _, masks, boxes = to_layers(saved.result, placement, collection, f"{folder.name} ")
    from_files = all(collection.location(i) for i in range(len(collection)))
    images = [stack_layer(collection, folder.name)] if from_files else []
    return [*images, masks, boxes]


def _find_images(saved: SavedResult) -> ImageCollection:
    """Images of a result from their files; its masks in their place if one has changed."""
    found = saved.open_images()
    if found is not None:
        return found
    masks = [image.mask for image in saved.result.images]
    names = [image.name for image in saved.result.images]
    return ImageCollection.from_arrays(masks, names=names)

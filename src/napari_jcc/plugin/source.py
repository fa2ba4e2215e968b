"""From the layers a user picks to an `ImageCollection`, and where its results belong."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.arrays import name_arrays, split_stack, wrap_images
from napari_jcc.collection.axes import Axis, name_places
from napari_jcc.collection.discovery import sort_files
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError
from napari_jcc.plugin.axes import channel_axis
from napari_jcc.plugin.pixel_size import layer_spacing
from napari_jcc.plugin.placement import (
    INPUTS_KEY,
    METADATA_KEY,
    Placement,
    count_channels,
    stack_leading,
)

if TYPE_CHECKING:
    from napari.layers import Image


@dataclass(frozen=True)
class Source:
    """Images to work on, and where to put what comes out.

    Attributes
    ----------
    collection
        The images.
    placement
        Where their results lie in the viewer.
    name
        Name of the set, for the layers made from it.
    needs_stack
        Whether the images lie on top of each other in the viewer, so that a stack of
        them must be added for the results to make sense.
    """

    collection: ImageCollection
    placement: Placement
    name: str
    needs_stack: bool = False


def find_source(layers: Sequence[Image], config: CollectionConfig) -> Source:
    """Make a collection of the given Image layers; no pixel is read.

    Parameters
    ----------
    layers
        One layer, whose axes before row and column count the images, unless they are
        channels (`axes`); or several 2D layers, which are taken as one image each, in the
        order of their files where all come from such.
    config
        How images are read.

    Raises
    ------
    InputError
        If there is no layer, or several of which one is not 2D.
    """
    if not layers:
        raise InputError("No images are chosen. Open a folder, or choose an Image layer.")
    if len(layers) > 1:
        return _from_several(layers, config)
    return find_stack(layers, config) or _from_array_layer(layers[0], config)


def find_stack(layers: Sequence[Image], config: CollectionConfig) -> Source | None:
    """As `find_source`, of a stack that was opened as such; None for all other layers."""
    kept = _kept_collection(layers[0]) if len(layers) == 1 else None
    if kept is None:
        return None
    (layer,) = layers
    collection = kept.with_config(config)
    factor = _over_channels(layer.data.shape[: layer.ndim - 2], channel_axis(layer))
    placement = replace(Placement.of_stack(collection), transform=_transform(layer, factor))
    return Source(collection, placement, layer.name)


def _from_several(layers: Sequence[Image], config: CollectionConfig) -> Source:
    stacks = [layer.name for layer in layers if layer.ndim != 2]
    if stacks:
        raise InputError(
            f"Several layers can only be used together when each is one 2D image, but "
            f"{', '.join(stacks)} is not. Select that layer alone, or only 2D layers."
        )
    layers = _in_file_order(layers)
    levels = [_level(layer, config) for layer in layers]
    images = wrap_images([_as_array(level) for level, _ in levels])
    pairs = zip(layers, levels, strict=True)
    sizes = [layer_spacing(layer, *factor) for layer, (_, factor) in pairs]
    sources = (replace(x, spacing=size) for x, size in zip(images, sizes, strict=True))
    names = tuple(layer.name for layer in layers)
    collection = ImageCollection(tuple(sources), names, config, {}, (len(names),))
    placement = Placement.of_stack(collection)
    return Source(collection, placement, "selected layers", needs_stack=True)


def _in_file_order(layers: Sequence[Image]) -> Sequence[Image]:
    """Order layers as the command line would their files; as they are without files."""
    paths = [_path(layer) for layer in layers]
    if not all(paths):
        return layers
    places = {path: place for place, path in enumerate(sort_files({*map(Path, paths)}))}
    return sorted(layers, key=lambda layer: places[Path(_path(layer))])


def _path(layer: Image) -> str:
    """Absolute path of the file that a layer was opened from; empty if there is none."""
    return os.path.abspath(layer.source.path) if layer.source.path else ""


def _from_array_layer(layer: Image, config: CollectionConfig) -> Source:
    level, factor = _level(layer, config)
    data = _as_array(level)
    leading, canvas = tuple(data.shape[: layer.ndim - 2]), _canvas(data, layer.ndim)
    channels = channel_axis(layer)
    if channels is None:
        # One by one, so that a narrow gray stack is never mistaken for channels.
        images = wrap_images([data[index] for index in np.ndindex(leading)])
    else:
        images, _ = split_stack(data, channels)
        factor = factor * _over_channels(leading, channels)
        leading = (*leading[:channels], 1, *leading[channels + 1 :])
    size = layer_spacing(layer, *factor[-2:])
    sources = tuple(replace(image, spacing=size) for image in images)
    names = name_arrays(_name_images(layer, leading, channels), len(sources))
    collection = ImageCollection(sources, names, config, {}, (len(sources),))
    axes = _name_axes(layer, leading, channels)
    if axes is not None:
        collection = collection.on_axes(axes)
    placement = Placement(
        tuple(int(length) for length in leading),
        canvas,
        tuple(range(len(collection))),
        _transform(layer, factor),
    )
    return Source(collection, placement, layer.name)


def _name_axes(
    layer: Image, leading: tuple[int, ...], channels: int | None
) -> tuple[Axis, ...] | None:
    """Find the axes that images lie on; None where one has no name of its own."""
    axes = tuple(
        Axis(str(layer.axis_labels[i]), int(leading[i]), abs(float(scale)), str(unit))
        for i, (scale, unit) in enumerate(zip(layer.scale[:-2], layer.units, strict=False))
        if i != channels
    )
    names = {axis.name for axis in axes}
    # napari's own are numbers.
    is_named = all(name.isalpha() for name in names) and len(names) == len(axes)
    return axes if is_named else None


def _name_images(
    layer: Image, leading: tuple[int, ...], channels: int | None
) -> list[str] | None:
    """Name every image by its place on the axes, as ``t0_z12``; None: by its number."""
    axes = _name_axes(layer, leading, channels)
    if axes is None:
        lengths = [leading[axis] for axis in range(len(leading)) if axis != channels]
        axes = tuple(
            Axis("" if i else "image_", length) for i, length in enumerate(lengths)
        )
    return name_places(axes) if axes else None


def _kept_collection(layer: Image) -> ImageCollection | None:
    """Find the collection that a layer shows, channels as in its files; else None.

    A crop of the reader's stack, for one, is no longer that.
    """
    kept = layer.metadata.get(METADATA_KEY)
    if not isinstance(kept, ImageCollection) or layer.multiscale:
        return None
    shape = (*stack_leading(kept), *Placement.of_stack(kept).canvas)
    channels = len(shape) - 3 if count_channels(kept) else None
    is_whole = tuple(layer.data.shape[: layer.ndim]) == shape
    return kept if is_whole and channel_axis(layer) == channels else None


def _over_channels(leading: tuple[int, ...], channels: int | None) -> NDArray[np.float64]:
    """Size of a result's pixel: as long as all channels, to be seen at each of them."""
    factor = np.ones(len(leading) + 2)
    if channels is not None:
        factor[channels] = leading[channels]
    return factor


def _canvas(data: Any, ndim: int) -> tuple[int, int]:
    rows, columns = data.shape[ndim - 2 : ndim]
    return int(rows), int(columns)


def _level(layer: Image, config: CollectionConfig) -> tuple[Any, NDArray[np.float64]]:
    """Pixels to work on and the size of their pixels, in pixels of the full level.

    Of a multiscale layer the smallest level is taken that is not below working size.
    """
    if not layer.multiscale:
        return layer.data, np.ones(layer.ndim)
    levels = list(layer.data)
    enough = [
        level for level in levels if max(_canvas(level, layer.ndim)) >= config.working_size
    ]
    chosen = enough[-1] if enough else levels[0]
    full = np.array(levels[0].shape[: layer.ndim], float)
    return chosen, full / np.array(chosen.shape[: layer.ndim], float)


def _as_array(data: Any) -> Any:
    """Numpy and dask arrays as they are; zarr and other lazy arrays wrapped by dask."""
    if isinstance(data, np.ndarray | da.Array):
        return data
    return da.from_array(data, chunks=getattr(data, "chunks", "auto"))


def _transform(layer: Image, factor: NDArray[np.float64] | None = None) -> dict[str, Any]:
    """Layer arguments that put results with pixels of size `factor` onto `layer`."""
    factor = np.ones(layer.ndim) if factor is None else factor
    # The first pixel of a coarse level has its centre (factor - 1) / 2 pixels inside.
    linear = np.linalg.inv(layer.affine.linear_matrix)
    origin, inside = np.zeros(layer.ndim), (factor - 1) / 2
    shift = linear @ (
        np.asarray(layer.data_to_world(inside)) - np.asarray(layer.data_to_world(origin))
    )
    return {
        "scale": np.asarray(layer.scale) * factor,
        "translate": np.asarray(layer.translate) + shift,
        "rotate": layer.rotate,
        "shear": layer.shear,
        "affine": layer.affine,
        "units": layer.units,
        "axis_labels": layer.axis_labels,
    }


def find_inputs(layers: Sequence[Image]) -> tuple[str, ...]:
    """Files and folders of the images of some layers, in their order; empty if not all."""
    if len(layers) == 1:
        (layer,) = layers
        if METADATA_KEY in layer.metadata:
            kept = _kept_collection(layer)
            opened = layer.metadata.get(INPUTS_KEY, ())
            return () if kept is None else tuple(opened) or _locations(kept)
    paths = tuple(map(_path, _in_file_order(layers)))
    return paths if all(paths) else ()


def _locations(collection: ImageCollection) -> tuple[str, ...]:
    paths = tuple(collection.location(i) for i in range(len(collection)))
    # Pages of one file share its path.
    return tuple(dict.fromkeys(paths)) if all(paths) else ()

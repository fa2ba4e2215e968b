"""A collection as one Image layer: a lazy stack, padded where sizes differ."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from tifffile import PHOTOMETRIC, TiffFile, TiffFileError

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import check_type
from napari_jcc.collection.sources import ArraySource, ImageSource
from napari_jcc.errors import InputError
from napari_jcc.plugin.placement import (
    INPUTS_KEY,
    METADATA_KEY,
    Placement,
    count_channels,
    stack_leading,
    stack_transform,
)

if TYPE_CHECKING:
    from napari_jcc.plugin.layers import LayerData

_SAMPLED = 5
"""Images whose intensities set the contrast limits; reading all would not be lazy."""

_PIXELS = 1_000_000
"""Pixels of each, on a grid; of more the percentiles are the same but for a little."""

_SPANS = {np.dtype(np.bool_): (0.0, 1.0), np.dtype(np.uint8): (0.0, 255.0)}
"""Types whose whole range is shown."""

_GRAY_PHOTOMETRY = {PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK}
_GRAY_MODES = {"L", "I;16", "I;16B", "I;16L", "I", "F"}


def stack_layer(
    collection: ImageCollection, name: str, inputs: tuple[str, ...] = ()
) -> LayerData:
    """Show a collection as one Image layer with one slider, or one for each of its axes.

    Sets of gray images of one type keep their values: (N, H, W), and so do channels of
    sets on axes: (..., C, H, W). All others become (N, H, W, 4) uint8 RGBA, transparent in
    the padding. A slice is read when it is looked at. The collection is kept in the
    layer's metadata.
    """
    canvas, leading = Placement.of_stack(collection).canvas, stack_leading(collection)
    options = {
        "name": name,
        "metadata": {METADATA_KEY: collection, INPUTS_KEY: inputs},
        **stack_transform(collection),
        "multiscale": False,
    }
    sample = _gray_sample(collection)
    if sample is None:
        data = _lazy(partial(_colour_slice, collection, canvas), collection, (*canvas, 4))
        rgba = data.reshape((*leading, *canvas, 4))
        return rgba, {**options, "rgb": True}, "image"
    dtype, limits = sample
    channels = count_channels(collection)
    load = partial(_gray_slice, collection, canvas, dtype)
    shape = (channels, *canvas) if channels else canvas
    data = _lazy(load, collection, shape, dtype).reshape((*leading, *canvas))
    gray = {"rgb": False, "colormap": "gray", "contrast_limits": limits}
    return data, options | gray, "image"


def _lazy(
    load: Any,
    collection: ImageCollection,
    shape: tuple[int, ...],
    dtype: np.dtype[Any] | type = np.uint8,
) -> da.Array:
    """Stack of one slice of `shape` an image."""
    stack: da.Array = da.map_blocks(
        load,
        chunks=((1,) * len(collection), *((length,) for length in shape)),
        dtype=dtype,
        meta=np.empty((0,) * (1 + len(shape)), dtype),
        # The name need not tell the content: hashing the collection would read it.
        name=f"napari-jcc-stack-{uuid4().hex}",
    )
    return stack


def _colour_slice(
    collection: ImageCollection, canvas: tuple[int, int], block_id: tuple[int, ...]
) -> NDArray[np.uint8]:
    image = collection.image(block_id[0])
    rows, columns = image.shape[:2]
    padded = np.zeros((1, *canvas, 4), np.uint8)
    padded[0, :rows, :columns, :3] = image
    padded[0, :rows, :columns, 3] = 255
    return padded


def _gray_slice(
    collection: ImageCollection,
    canvas: tuple[int, int],
    dtype: np.dtype[Any],
    block_id: tuple[int, ...],
) -> NDArray[Any]:
    values = collection.raw(block_id[0])
    rows, columns, *channels = values.shape
    padded = np.zeros((1, *channels, *canvas), dtype)
    padded[0, ..., :rows, :columns] = np.moveaxis(values, -1, 0) if channels else values
    return padded


def _gray_sample(
    collection: ImageCollection,
) -> tuple[np.dtype[Any], tuple[float, float]] | None:
    """Find data type and contrast limits of a set of gray images of one type, or None."""
    channels = count_channels(collection)
    if not channels and not _are_gray_alike(collection):
        return None
    step = max(1, len(collection) // _SAMPLED)
    samples = [collection.raw(i) for i in range(0, len(collection), step)][:_SAMPLED]
    dtypes = {values.dtype for values in samples}
    ndim = 3 if channels else 2
    if len(dtypes) != 1 or any(values.ndim != ndim for values in samples):
        return None
    (dtype,) = dtypes
    check_type(dtype)
    return dtype, _contrast_limits(collection, samples)


def _contrast_limits(
    collection: ImageCollection, samples: list[NDArray[Any]]
) -> tuple[float, float]:
    if samples[0].dtype in _SPANS:
        return _SPANS[samples[0].dtype]
    ranges = []
    for values in samples:
        step = max(1, round((values.size / _PIXELS) ** 0.5))
        finite = values[::step, ::step]
        finite = finite[np.isfinite(finite)]
        if finite.size:
            percentiles = (
                collection.config.low_percentile,
                collection.config.high_percentile,
            )
            ranges.append(np.percentile(finite, percentiles))
    if not ranges:
        return 0.0, 1.0
    # The median, so that one overexposed image does not leave the others dark.
    low, high = np.median(ranges, axis=0)
    return float(low), float(high if high > low else low + 1)


def _are_gray_alike(collection: ImageCollection) -> bool:
    """Whether headers tell of gray images of one type; no more are read than it takes."""
    # Pages of a file share its header.
    distinct = {source.location or i: source for i, source in enumerate(collection.sources)}
    first, *others = distinct.values()
    kind = _gray_kind(first)
    return kind is not None and all(_gray_kind(source) == kind for source in others)


def _gray_kind(source: ImageSource) -> str | None:
    """Storage type of a gray image as its header tells it; None for all others."""
    if isinstance(source, ArraySource):
        return str(source.array.dtype) if source.array.ndim == 2 else None
    path = Path(source.location)
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            with TiffFile(path) as file:
                page = file.pages[0].aspage()
                return (
                    str(page.dtype)
                    if page.photometric in _GRAY_PHOTOMETRY and page.samplesperpixel == 1
                    else None
                )
        with Image.open(path) as image:
            # Frames of a film may be of another mode than the first.
            is_gray = image.mode in _GRAY_MODES and image.format not in ("GIF", "WEBP")
            return image.mode if is_gray else None
    except (OSError, UnidentifiedImageError, TiffFileError, InputError):
        return None

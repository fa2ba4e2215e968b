"""A collection as one Image layer: a lazy stack, padded where sizes differ."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from tifffile import PHOTOMETRIC, TiffFile, TiffFileError

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import check_type
from napari_jcc.collection.reading import open_picture
from napari_jcc.collection.sources import ArraySource, ImageSource
from napari_jcc.collection.zarr_files import open_zarr
from napari_jcc.errors import InputError
from napari_jcc.plugin.lazy_stack import lazy_stack
from napari_jcc.plugin.placement import (
    INPUTS_KEY,
    METADATA_KEY,
    Placement,
    count_channels,
    stack_transform,
)

if TYPE_CHECKING:
    from napari_jcc.plugin.layers import LayerData

_SAMPLED = 5
"""Images, at most, whose intensities set the contrast limits; reading all would not be
lazy."""

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
    placement = Placement.of_stack(collection)
    options = {
        "name": name,
        "metadata": {METADATA_KEY: collection, INPUTS_KEY: inputs},
        **stack_transform(collection),
        "multiscale": False,
    }
    sample = _gray_sample(collection)
    if sample is None:
        rgba = lazy_stack(partial(_rgba, collection), placement, np.uint8, (4,))
        return rgba, {**options, "rgb": True}, "image"
    dtype, limits = sample
    channels = count_channels(collection)
    data = lazy_stack(collection.raw, placement, dtype, (channels,) if channels else ())
    if channels:
        # Of the placement their axis has one entry, which they take the place of.
        data = da.moveaxis(data, -1, -3)[..., 0, :, :, :]
    gray = {"rgb": False, "colormap": "gray", "contrast_limits": limits}
    return data, options | gray, "image"


def _rgba(collection: ImageCollection, place: int) -> NDArray[np.uint8]:
    image = collection.image(place)
    return np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])


def _gray_sample(
    collection: ImageCollection,
) -> tuple[np.dtype[Any], tuple[float, float]] | None:
    """Find data type and contrast limits of a set of gray images of one type, or None."""
    channels = count_channels(collection)
    if not channels and not _are_gray_alike(collection):
        return None
    step = math.ceil(len(collection) / _SAMPLED)
    samples = [collection.raw(i) for i in range(0, len(collection), step)]
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
        if path.is_dir():
            stack = open_zarr(path)
            return str(stack.pixels.dtype) if stack.layout.channels == 1 else None
        if path.suffix.lower() in (".tif", ".tiff"):
            with TiffFile(path) as file:
                page = file.pages[0].aspage()
                return (
                    str(page.dtype)
                    if page.photometric in _GRAY_PHOTOMETRY and page.samplesperpixel == 1
                    else None
                )
        with open_picture(path) as image:
            # Frames of a film may be of another mode than the first.
            is_gray = image.mode in _GRAY_MODES and image.format not in ("GIF", "WEBP")
            return image.mode if is_gray else None
    except (OSError, TiffFileError, InputError):
        return None

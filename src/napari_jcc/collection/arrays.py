"""Arrays to image sources: stacks with any leading axes, and lists of single images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from dask.base import is_dask_collection

from napari_jcc.collection.intensity import check_type
from napari_jcc.collection.sources import ArraySource
from napari_jcc.errors import InputError


def split_stack(
    array: Any, channel_axis: int | None
) -> tuple[tuple[ArraySource, ...], tuple[int, ...]]:
    """Cut a stack into its images; see `ImageCollection.from_array`.

    Returns
    -------
    sources
        One per image, in the order of the flattened leading axes.
    leading_shape
        Lengths of the leading axes.

    Raises
    ------
    InputError
        If the array has fewer than two axes besides the channels, no pixels or no numbers,
        or its last axis may be one of colours and is not said to be.
    """
    stack = _as_array(array)
    if channel_axis is None and _may_be_coloured(stack):
        if stack.dtype != np.uint8:
            raise InputError(
                f"The last axis of an array of shape {tuple(stack.shape)} may be one of "
                "colours. If it is, give ImageCollection.from_array(array, "
                "channel_axis=-1); images that are so narrow, as a list of arrays."
            )
        channel_axis = -1
    if channel_axis is None:
        _check_array(stack, 2, "the array")
        leading = tuple(int(length) for length in stack.shape[:-2])
        return tuple(ArraySource(stack[i], False) for i in np.ndindex(leading)), leading
    axis = _check_axis(channel_axis, stack.ndim)
    _check_array(stack, 3, "the array")
    is_colour = axis == stack.ndim - 1 and stack.shape[axis] in (3, 4)
    before = [i for i in range(stack.ndim) if i != axis][:-2]
    leading = tuple(int(stack.shape[i]) for i in before)
    images = (_with_channels_last(stack, before, i, axis) for i in np.ndindex(leading))
    return tuple(ArraySource(image, is_colour) for image in images), leading


def _with_channels_last(
    stack: Any, before: Sequence[int], index: Sequence[int], axis: int
) -> Any:
    """Cut out one image, and only then turn its axes: lazy arrays then read no more."""
    key: list[Any] = [slice(None)] * stack.ndim
    for place, number in zip(before, index, strict=True):
        key[place] = number
    image = stack[tuple(key)]
    channels = axis - sum(place < axis for place in before)
    return image.transpose([*(i for i in range(3) if i != channels), channels])


def wrap_images(arrays: Iterable[Any]) -> tuple[ArraySource, ...]:
    """Take every array as one image; see `ImageCollection.from_arrays`.

    Raises
    ------
    InputError
        If there is none, or one has another number of axes, no pixels or no numbers.
    """
    is_list = isinstance(arrays, Iterable) and not isinstance(arrays, str | Mapping)
    images = [_as_array(array) for array in (arrays if is_list else [arrays])]
    if not images:
        raise InputError("No images: the list of arrays is empty. Give at least one.")
    for number, image in enumerate(images):
        if image.ndim not in (2, 3):
            raise InputError(
                f"Image {number} has shape {image.shape}; give (H, W) or (H, W, C), or use "
                "from_array for a stack."
            )
        _check_array(image, image.ndim, f"image {number}")
    return tuple(
        ArraySource(image, image.ndim == 3 and image.shape[2] in (3, 4)) for image in images
    )


def name_arrays(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """Check the given names, or number the images.

    Raises
    ------
    InputError
        If there is not exactly one name of its own for every image.
    """
    if names is None:
        width = len(str(count - 1))
        return tuple(f"image_{i:0{width}}" for i in range(count))
    given = tuple(str(name) for name in names)
    if len(given) != count or len(set(given)) != count:
        raise InputError(
            f"Got {len(given)} names ({len(set(given))} different) for {count} images; "
            "give every image a name of its own."
        )
    return given


def _as_array(array: Any) -> Any:
    if array is None or isinstance(array, str | bytes | os.PathLike | Mapping):
        raise InputError(
            f"{type(array).__name__} is no array. from_paths opens files and folders."
        )
    return array if is_dask_collection(array) else np.asarray(array)


def _may_be_coloured(array: Any) -> bool:
    return array.ndim >= 3 and array.shape[-1] in (3, 4)


def _check_axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise InputError(
            f"channel_axis {axis} does not exist in an array of {ndim} axes. Give one of "
            f"them, 0 to {ndim - 1}, or -1 for the last."
        )
    return axis % ndim


def _check_array(array: Any, needed: int, what: str) -> None:
    if array.ndim < needed or 0 in array.shape:
        raise InputError(
            f"No image: {what} has shape {tuple(array.shape)}; give at least height and "
            "width, none of them 0."
        )
    try:
        check_type(array.dtype)
    except InputError as error:
        raise InputError(f"Cannot use {what}: {error}.") from error

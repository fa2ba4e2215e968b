"""Truth from the labels of a stack, as a window holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import MaskArray
from napari_jcc.errors import InputError
from napari_jcc.words import count_of


def masks_from_labels(
    labels: NDArray[Any],
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]] | None = None,
    label: int | None = None,
) -> dict[str, MaskArray]:
    """Take every slice of a stack of labels as the mask of an image.

    Parameters
    ----------
    labels, names, sizes
        As of `slices_of_labels`, labels of bool too.
    label
        The label of the object; None: every label but 0.

    Returns
    -------
    masks
        (H, W) bool by name. Slices without any label are left out: nobody has drawn there.

    Raises
    ------
    InputError
        As `slices_of_labels`.
    """
    parts = slices_of_labels(labels, names, sizes)
    if label is None:
        return {name: part != 0 for name, part in parts.items()}
    return {name: part == label for name, part in parts.items()}


def slices_of_labels(
    labels: NDArray[Any],
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]] | None = None,
) -> dict[str, NDArray[Any]]:
    """Give every slice of a stack of labels to its image.

    Parameters
    ----------
    labels : (..., H, W) integer or bool
        Slices in the order of the flattened leading axes; (H, W) is one slice.
    names
        Name of the image of every slice.
    sizes
        Height and width of every image, whose pixels sit at the upper left of its slice;
        None: those of the slices.

    Returns
    -------
    slices
        (H, W) by name, views. Slices without any label are left out: nobody has drawn
        there.

    Raises
    ------
    InputError
        If `labels` are no labels, have another number of slices than there are names, or
        a slice is smaller than its image.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "bui" or labels.ndim < 2:
        raise InputError(
            f"Truth must be labels (..., height, width) of whole numbers, got shape "
            f"{labels.shape} of {labels.dtype}. Use a Labels layer."
        )
    canvas = labels.shape[-2:]
    slices = labels.reshape(-1, *canvas)
    if len(slices) != len(names):
        raise InputError(
            f"The truth has {count_of(len(slices), 'slice')} for "
            f"{count_of(len(names), 'image')}. Use labels made on these images."
        )
    sizes = [canvas] * len(names) if sizes is None else list(sizes)
    found = {}
    for name, drawn, size in zip(names, slices, sizes, strict=True):
        if size[0] > canvas[0] or size[1] > canvas[1]:
            raise InputError(
                f"{name}: the image is {size[1]} x {size[0]} but its slice of the truth "
                f"{canvas[1]} x {canvas[0]} pixels. Use labels made on these images."
            )
        if drawn.any():
            found[name] = drawn[: size[0], : size[1]]
    return found

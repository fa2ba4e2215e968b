"""Mask and box layers as files, in the same form as the command line writes."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_jcc._types import Float32Array
from napari_jcc.atomic import replace_file, replace_files
from napari_jcc.collection import ImageCollection
from napari_jcc.plugin.placement import METADATA_KEY, PLACEMENT_KEY, Placement
from napari_jcc.plugin.rectangles import rectangle_to_box
from napari_jcc.results.box_table import format_boxes
from napari_jcc.results.names import BOXES, mask_files
from napari_jcc.results.pictures import to_gray
from napari_jcc.results.result import bare_image
from napari_jcc.tables import encode_csv

Layer = tuple[Any, dict[str, Any], str]


def write_masks(path: str, data: Any, options: dict[str, Any]) -> list[str]:
    """Write a Labels layer as ``masks/<name>.png`` in the folder `path`.

    Everything that is not 0 becomes 255. An image that the layer belongs to gives its
    mask name and size; without one the slices are numbered and written whole.

    Raises
    ------
    OutputError
        If the files cannot be written.
    """
    return write_folder(path, [(data, options, "labels")])


def write_boxes(path: str, data: Any, options: dict[str, Any]) -> list[str]:
    """Write a Shapes layer as a CSV file of boxes (pixels, x to the right, half-open).

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    target = Path(path)
    replace_file(target, _boxes_file(data, options))
    return [str(target)]


def write_folder(path: str, layers: Sequence[Layer]) -> list[str]:
    """Write a Labels layer as ``masks/*.png`` and a Shapes layer as ``boxes.csv``.

    Raises
    ------
    OutputError
        If the files cannot be written.
    """
    files: dict[str, bytes] = {}
    for data, options, kind in layers:
        if kind == "labels":
            files |= _mask_files(data, options)
        else:
            files[BOXES] = _boxes_file(data, options)
    replace_files(Path(path), files)
    return [str(Path(path) / name) for name in files]


def _mask_files(data: Any, options: dict[str, Any]) -> dict[str, bytes]:
    collection, placement = _find_images(options, tuple(data.shape))
    stack = np.asarray(data).reshape(placement.slices, *placement.canvas)
    names = _names(collection, placement)
    files = {}
    for i, file in enumerate(mask_files(names)):
        rows, columns = placement.canvas if collection is None else collection.shape(i)
        files[file] = _png(stack[placement.slots[i], :rows, :columns])
    return files


def _boxes_file(data: Any, options: dict[str, Any]) -> bytes:
    collection, placement = _find_images(options, None)
    names = dict(zip(placement.slots, _names(collection, placement), strict=True))
    scores = options.get("features", {}).get("score", [np.nan] * len(data))
    images = []
    for corners, score in zip(data, scores, strict=True):
        corners = np.asarray(corners)
        slot, box = (
            rectangle_to_box(corners, placement)
            if collection is not None
            else _free_box(corners)
        )
        name = names.get(slot, f"{slot:04d}")
        # A box drawn by hand has no score; it is as certain as can be.
        images.append(bare_image(name, box=box, score=1.0 if np.isnan(score) else score))
    return encode_csv(format_boxes(images))


def _free_box(corners: NDArray[Any]) -> tuple[int, Float32Array]:
    """Box of a layer that belongs to no collection: its slice is its first coordinate."""
    slot = int(np.rint(corners[0, 0])) if corners.shape[1] > 2 else 0
    return slot, rectangle_to_box(corners[:, -2:], Placement((), (1, 1), (0,)))[1]


def _find_images(
    options: dict[str, Any], shape: tuple[int, ...] | None
) -> tuple[ImageCollection | None, Placement]:
    """Find collection and placement that a layer keeps, if they fit its shape."""
    metadata = options.get("metadata", {})
    collection, placement = metadata.get(METADATA_KEY), metadata.get(PLACEMENT_KEY)
    known = isinstance(collection, ImageCollection) and isinstance(placement, Placement)
    if known and (shape is None or placement.shape == shape):
        return collection, placement
    if shape is None:
        return None, Placement((0,), (1, 1), ())
    *leading, rows, columns = shape
    return None, Placement(
        tuple(leading), (rows, columns), tuple(range(math.prod(leading)))
    )


def _names(collection: ImageCollection | None, placement: Placement) -> list[str]:
    if collection is not None:
        return list(collection.names)
    return [f"{slot:04d}" for slot in placement.slots]


def _png(labels: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(to_gray(labels != 0)).save(file, "PNG")
    return file.getvalue()

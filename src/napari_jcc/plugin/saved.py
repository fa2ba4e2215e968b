"""A folder written by a run, read back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import validate_config
from napari_jcc.errors import InputError, JccError
from napari_jcc.plugin.layers import LayerData, bare_image, to_layers
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.results.names import BOXES, RECORD
from napari_jcc.results.record import FORMAT


def is_saved_result(folder: Path) -> bool:
    """Whether a run wrote its results into `folder`; looks at the record's first bytes."""
    try:
        with (folder / RECORD).open(encoding="utf-8", errors="replace") as file:
            return FORMAT in file.read(200)
    except OSError:
        return False


def read_saved_result(folder: Path) -> JccResult:
    """Read masks, boxes, settings and times of a run.

    Superpixels, candidate boxes and saliency are not saved and come back empty.

    Raises
    ------
    InputError
        If the record or a mask is missing or damaged.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        boxes = _read_boxes(folder / BOXES)
        images = tuple(_read_image(folder, item, boxes) for item in record["images"])
        config = validate_config(record["config"])
    except (OSError, ValueError, KeyError, TypeError, JccError) as error:
        raise InputError(
            f"The result in {folder} cannot be read: {error}. Run the segmentation again, "
            "or open its masks folder alone."
        ) from error
    return JccResult(
        images, config, record["skipped"], record["solver"] or {}, record["seconds"] or {}
    )


def open_saved_result(folder: Path) -> list[LayerData]:
    """Read a saved result as layers: images where they still are, masks and boxes.

    Raises
    ------
    InputError
        If the result cannot be read.
    """
    result = read_saved_result(folder)
    collection = _find_images(folder, result)
    placement = Placement.of_stack(collection)
    _, masks, boxes = to_layers(result, placement, collection, f"{folder.name} ")
    from_files = all(collection.location(i) for i in range(len(collection)))
    images = [stack_layer(collection, folder.name)] if from_files else []
    return [*images, masks, boxes]


def _find_images(folder: Path, result: JccResult) -> ImageCollection:
    """Images of a result from their files; its masks in their place if one has changed."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    masks = [image.mask for image in result.images]
    names = [image.name for image in result.images]
    start = Path(record.get("working_folder", "."))
    files = list(dict.fromkeys(start / item["source"] for item in record["images"]))
    try:
        collection = ImageCollection.from_files(files)
    except JccError:
        return ImageCollection.from_arrays(masks, names=names)
    shapes = [collection.shape(i) for i in range(len(collection))]
    if shapes != [mask.shape for mask in masks]:
        return ImageCollection.from_arrays(masks, names=names)
    return collection


def _read_image(
    folder: Path, item: dict[str, Any], boxes: dict[str, tuple[Float32Array, float]]
) -> ImageResult:
    with Image.open(folder / item["mask"]) as picture:
        mask: MaskArray = np.asarray(picture) > 0
    box, score = boxes.get(item["name"], (None, 0.0))
    return bare_image(
        item["name"], mask=mask, box=box, score=score, warning=item["warning"]
    )


def _read_boxes(path: Path) -> dict[str, tuple[Float32Array, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sides = ("x_min", "y_min", "x_max", "y_max")
    return {
        row["image"]: (
            np.array([row[side] for side in sides], np.float32),
            float(row["score"]),
        )
        for row in rows
        if row["score"]
    }

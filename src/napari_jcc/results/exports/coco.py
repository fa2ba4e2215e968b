"""Objects as COCO instances (https://cocodataset.org/#format-data)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import napari_jcc
from napari_jcc._types import MaskArray
from napari_jcc.results.exports.objects import ExportObject, ExportSet, find_objects


def write_coco(exported: ExportSet, file: Path) -> None:
    """Write images, one category and one annotation per object, as JSON.

    Segmentations are run lengths, which keep every pixel, holes and separate parts;
    ``bbox`` is the object's box, x, y, width and height in pixels. Tools find an image by
    ``file_name``, so pages of one file have one each, and the file as ``source``.
    """
    shared = {file for file, count in Counter(exported.files).items() if count > 1}
    document = {
        "info": {
            "description": "Objects found by napari-jcc",
            "version": napari_jcc.__version__,
        },
        "licenses": [],
        "categories": [{"id": 1, "name": exported.category, "supercategory": ""}],
        "images": [
            {
                "id": number,
                "file_name": f"{image.name}.png" if place in {"", *shared} else place,
                "name": image.name,
                "source": place,
                "width": image.mask.shape[1],
                "height": image.mask.shape[0],
            }
            for number, (image, place) in enumerate(
                zip(exported.images, exported.files, strict=True), start=1
            )
        ],
        "annotations": _annotations(exported),
    }
    file.write_text(json.dumps(document), encoding="ascii")


def run_lengths(
    mask: MaskArray, corner: tuple[int, int], shape: tuple[int, int]
) -> list[int]:
    """Lengths of runs down the columns of an image; the first is of pixels outside.

    Parameters
    ----------
    mask : (h, w) bool
        The part of the image that holds the object.
    corner
        Row and column of its first pixel.
    shape
        Height and width of the image.
    """
    column, row = np.nonzero(mask.T)
    places = (column + corner[1]) * shape[0] + row + corner[0]
    begins = np.diff(places, prepend=-2) != 1
    ends = np.diff(places, append=-1) != 1
    changes = np.stack([places[begins], places[ends] + 1], axis=1).ravel()
    size = shape[0] * shape[1]
    inside = changes[changes < size]
    lengths: list[int] = np.diff(inside, prepend=0, append=size).tolist()
    return lengths


def _annotations(exported: ExportSet) -> list[dict[str, Any]]:
    found = [
        _annotation(item, image_id)
        for image_id, image in enumerate(exported.images, start=1)
        for item in find_objects(image)
    ]
    return [{"id": number, **item} for number, item in enumerate(found, start=1)]


def _annotation(item: ExportObject, image_id: int) -> dict[str, Any]:
    x_min, y_min, x_max, y_max = map(float, item.box)
    return {
        "image_id": image_id,
        "category_id": 1,
        "bbox": [x_min, y_min, x_max - x_min, y_max - y_min],
        "area": int(item.mask.sum()),
        "segmentation": {
            "size": list(item.shape),
            "counts": run_lengths(item.mask, item.corner, item.shape),
        },
        "iscrowd": 0,
        "score": item.score,
    }

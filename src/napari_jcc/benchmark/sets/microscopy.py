"""Microscopy: white blood cells, worms and nuclei."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from napari_jcc.benchmark.sets.labelled import (
    ImageTruth,
    LabelledClass,
    Layout,
    find_images,
    mask_truth,
    require_file,
    single,
)
from napari_jcc.errors import InputError
from napari_jcc.evaluation import boxes_of_mask, read_mask

CYTOPLASM = 128
"""Least gray value of a cell in the truth of the white blood cells; 255 is nucleus."""


def _read_cell(image: Path) -> ImageTruth:
    path = require_file(image.with_name(f"{image.stem}_mask.png"), image)
    with Image.open(path) as file:
        return mask_truth(np.asarray(file.convert("L")) >= CYTOPLASM)


def _read_worms(image: Path) -> ImageTruth:
    well = image.stem.removesuffix("_w2")
    path = require_file(image.with_name(f"{well}_mask.png"), image)
    return mask_truth(read_mask(path))


def _loads(
    pattern: str, read: Callable[[Path], ImageTruth], folder: str = ""
) -> Callable[[Path, str], LabelledClass]:
    """Open the one class whose images match `pattern` in a folder of the set."""
    return lambda root, name: LabelledClass(
        name, tuple(find_images(root / folder, pattern)), read
    )


def _read_nuclei(image: Path) -> ImageTruth:
    """One file per nucleus: the mask is their union, each has a box of its own."""
    masks = [read_mask(path) for path in find_images(image.parent.parent / "masks")]
    if len({mask.shape for mask in masks}) > 1:
        raise InputError(f"The masks of {image} differ in size. Fetch the set again.")
    boxes = np.concatenate([boxes_of_mask(mask)[:1] for mask in masks])
    return ImageTruth(boxes, np.logical_or.reduce(masks))


WBC = Layout(
    "White blood cells",
    "<n>.bmp with <n>_mask.png beside it",
    single("cells"),
    _loads("*.bmp", _read_cell),
)
BBBC010 = Layout(
    "BBBC010 (worms)",
    "<well>_w2.tif with <well>_mask.png beside it",
    single("worms"),
    _loads("*_w2.tif", _read_worms),
)
DSB2018 = Layout(
    "Data Science Bowl 2018 (nuclei)",
    "stage1_train/<id>/images/<id>.png and stage1_train/<id>/masks/*.png",
    single("nuclei"),
    _loads("*/images/*.png", _read_nuclei, "stage1_train"),
)

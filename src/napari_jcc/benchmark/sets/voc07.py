"""PASCAL07-6x2: six classes of VOC 2007 seen from the left and from the right."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from napari_jcc._types import Float32Array
from napari_jcc.benchmark.sets.labelled import (
    ImageTruth,
    LabelledClass,
    Layout,
    find_images,
    parse_numbers,
    require_file,
    require_folder,
    subfolders,
)
from napari_jcc.errors import InputError
from napari_jcc.words import describe_unknown

CATEGORIES = ("aeroplane", "bicycle", "boat", "bus", "horse", "motorbike")
VIEWS = ("left", "right")
_SPLIT = Path("ImageSets", "Main", "trainval.txt")


class AnnotatedObject(NamedTuple):
    """One object of a VOC annotation; the box as (4,) float32, ``xyxy``, half-open."""

    category: str
    view: str
    marginal: bool
    box: tuple[float, float, float, float]


def load(root: Path, name: str) -> LabelledClass:
    """Open one class and view, prepared or from the devkit."""
    return _load_devkit(root, name) if _is_devkit(root) else _load_prepared(root, name)


def _is_devkit(root: Path) -> bool:
    return (root / "Annotations").is_dir()


def _classes(root: Path) -> list[str]:
    if _is_devkit(root):
        return [f"{category}_{view}" for category in CATEGORIES for view in VIEWS]
    return subfolders()(root)


def _load_prepared(root: Path, name: str) -> LabelledClass:
    return LabelledClass(name, tuple(find_images(root / name, "*.jpg")), _read_boxes)


def _read_boxes(image: Path) -> ImageTruth:
    """Boxes of the .mat beside the image: from 1, both ends inside."""
    path = require_file(image.with_suffix(".mat"), image)
    try:
        listed = loadmat(path)["bbox_list"].ravel()
        corners = np.concatenate([np.asarray(box, float).ravel() for box in listed])
    except (KeyError, ValueError, OSError, MatReadError) as error:
        raise InputError(
            f"{path} does not hold bbox_list, as the truth of PASCAL07-6x2 does: {error}."
        ) from error
    boxes = parse_numbers(path, corners, 4) - [1, 1, 0, 0]
    return ImageTruth(boxes.astype(np.float32))


def _load_devkit(root: Path, name: str) -> LabelledClass:
    """Find the images of trainval with an object of that class and view.

    Our reading of Deselaers, Alexe and Ferrari, "Localizing objects while learning their
    appearance", ECCV 2010: an image belongs to the set if at least one such object is
    neither truncated nor difficult; all objects of the class and view count as truth.
    """
    if name not in _classes(root):
        raise InputError(describe_unknown("class", name, _classes(root)))
    category, view = name.rsplit("_", 1)
    truth: dict[Path, Float32Array] = {}
    for stem in _read_split(root):
        objects = [
            found
            for found in read_annotation(root / "Annotations" / f"{stem}.xml")
            if (found.category, found.view) == (category, view)
        ]
        if any(not found.marginal for found in objects):
            boxes = np.array([found.box for found in objects], dtype=np.float32)
            truth[root / "JPEGImages" / f"{stem}.jpg"] = boxes
    if not truth:
        raise InputError(f"No image of {root} shows a {category} seen from the {view}.")
    return LabelledClass(name, tuple(truth), lambda image: ImageTruth(truth[image]))


def _read_split(root: Path) -> list[str]:
    path = root / _SPLIT
    if not path.is_file():
        raise InputError(
            f"There is no {path}. Give the folder VOC2007 of the development kit, which "
            "holds Annotations, ImageSets and JPEGImages."
        )
    require_folder(root / "JPEGImages")
    return [line.split()[0] for line in path.read_text().splitlines() if line.strip()]


def read_annotation(path: Path) -> list[AnnotatedObject]:
    """Read the objects of a VOC annotation.

    Raises
    ------
    InputError
        If the file is missing or is no annotation.
    """
    try:
        found = ElementTree.parse(path).iter("object")
        return [_parse_object(entry) for entry in found]
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{path} is no annotation of PASCAL VOC: {error}.") from error


def _parse_object(entry: ElementTree.Element) -> AnnotatedObject:
    # Corners count from 1 and lie inside the box at both ends.
    x_min, y_min, x_max, y_max = (
        float(entry.findtext(f"bndbox/{side}", ""))
        for side in ("xmin", "ymin", "xmax", "ymax")
    )
    flags = (entry.findtext(name, "0").strip() for name in ("truncated", "difficult"))
    return AnnotatedObject(
        category=entry.findtext("name", "").strip(),
        view=entry.findtext("pose", "").strip().lower(),
        marginal="1" in flags,
        box=(x_min - 1, y_min - 1, x_max, y_max),
    )


LAYOUT = Layout(
    "PASCAL07-6x2",
    "<class>_<view>/<name>.jpg with <name>.mat beside it, or the folder VOC2007 of the "
    "development kit",
    _classes,
    load,
)

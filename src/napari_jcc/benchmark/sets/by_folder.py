"""Sets whose classes are folders of images, with masks of the same names elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from napari_jcc.benchmark.sets.labelled import (
    ImageTruth,
    LabelledClass,
    Layout,
    find_images,
    mask_beside,
    mask_truth,
    require_file,
    require_folder,
    single,
    subfolders,
)
from napari_jcc.evaluation import find_truth, read_mask

Load = Callable[[Path, str], LabelledClass]


def _class_folders(
    images: str,
    masks: str,
    suffixes: tuple[str, ...] = (".png", ".bmp"),
    pattern: str = "*",
) -> Load:
    """Open ``images`` and ``masks``, in which ``{}`` stands for the class."""

    def load(root: Path, name: str) -> LabelledClass:
        found = find_images(root / images.format(name), pattern)
        folder = require_folder(root / masks.format(name))
        read = partial(mask_beside, folder=folder, suffixes=suffixes)
        return LabelledClass(name, tuple(found), read)

    return load


def _load_folder(root: Path, name: str) -> LabelledClass:
    """Open any images and masks; the names of masks may have an ending."""
    require_folder(root / "masks")
    has_classes = name != SINGLE
    images = find_images(root / "images" / (name if has_classes else ""))
    masks = root / "masks" / name if has_classes else root / "masks"
    truth = find_truth(masks, [path.stem for path in images])

    def read(image: Path) -> ImageTruth:
        place = truth.masks.get(image.stem, masks / f"{image.stem}.png")
        mask = read_mask(require_file(place, image))
        boxes = truth.boxes.get(image.stem)
        return mask_truth(mask) if boxes is None else ImageTruth(boxes, mask)

    return LabelledClass(name, tuple(images), read)


def _folder_classes(root: Path) -> list[str]:
    return subfolders("images")(root) or [SINGLE]


SINGLE = "all"

PASCAL10 = Layout(
    "PASCAL VOC 2010 co-segmentation",
    "images/<class>/<name>.jpg and masks/<class>/<name>.png",
    subfolders("images"),
    _class_folders("images/{}", "masks/{}"),
)
INTERNET = Layout(
    "Object Discovery (Internet images)",
    "Data/<Class>/<name>.jpg and Data/<Class>/GroundTruth/<name>.png",
    subfolders("Data"),
    # An image without the object has an empty mask.
    _class_folders("Data/{}", "Data/{}/GroundTruth", pattern="*.jpg"),
)
ICOSEG = Layout(
    "iCoseg",
    "images/<class>/<name>.jpg and ground_truth/<class>/<name>.png",
    subfolders("images"),
    _class_folders("images/{}", "ground_truth/{}"),
)
HORSES = Layout(
    "Weizmann horses",
    "rgb/<name>.jpg and figure_ground/<name>.jpg or .png",
    single("horses"),
    # The masks of some copies are .png, of others .jpg.
    _class_folders("rgb", "figure_ground", (".png", ".jpg", ".bmp")),
)
FOLDER = Layout(
    "Folder of images and masks",
    "images/<name> and masks/<name>, or both with a folder per class",
    _folder_classes,
    _load_folder,
)

"""MSRC v2: the number in a file's name is its group, the truth colours every object."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from napari_jcc.benchmark.sets.labelled import (
    ImageTruth,
    LabelledClass,
    Layout,
    find_images,
    mask_truth,
    require_file,
    require_folder,
)
from napari_jcc.errors import InputError

MATRICES, PICTURES = "newsegmentations_mats", "GroundTruth"


class Group(NamedTuple):
    """A class: the number in the file names, the object's number and colour in truth."""

    number: int
    label: int
    colour: tuple[int, int, int]


GROUPS = {
    "plane": Group(4, 9, (192, 0, 0)),
    "cow": Group(5, 4, (0, 0, 128)),
    "face": Group(6, 11, (192, 128, 0)),
    "car": Group(7, 12, (64, 0, 128)),
    "bike": Group(8, 13, (192, 0, 128)),
    "sheep": Group(9, 6, (0, 128, 128)),
    "flower": Group(10, 14, (64, 128, 128)),
    "sign": Group(11, 15, (192, 128, 128)),
    "bird": Group(12, 16, (0, 64, 0)),
    "book": Group(13, 17, (128, 64, 0)),
    "chair": Group(14, 18, (0, 192, 0)),
    "cat": Group(15, 20, (0, 192, 128)),
    "dog": Group(16, 21, (128, 192, 128)),
}
VOID = (0, 0, 0)


def load(root: Path, name: str) -> LabelledClass:
    """Open one group; the truth is that of the matrices where they are, else pictures."""
    images = find_images(root / "Images", f"{GROUPS[name].number}_*.bmp")
    by_matrix = (root / MATRICES).is_dir()
    read = _read_matrix if by_matrix else _read_picture
    folder = require_folder(root / (MATRICES if by_matrix else PICTURES))
    return LabelledClass(name, tuple(images), partial(read, folder, GROUPS[name]))


def _classes(root: Path) -> list[str]:
    folder = require_folder(root / "Images")
    return [
        name for name, group in GROUPS.items() if any(folder.glob(f"{group.number}_*.bmp"))
    ]


def _read_matrix(folder: Path, group: Group, image: Path) -> ImageTruth:
    """Segments and the class of each; one number beyond the last segment is void."""
    path = require_file(folder / f"{image.stem}_GT.mat", image)
    try:
        truth = loadmat(path)
        segment = truth["newseg"].astype(int)
        label = truth["newlabels"].ravel()
    except (KeyError, ValueError, OSError, MatReadError) as error:
        raise InputError(
            f"{path} does not hold newseg and newlabels, as truth of MSRC v2 does: {error}."
        ) from error
    is_object = np.append(label == group.label, False)
    return mask_truth(is_object[segment - 1], segment == len(label) + 1)


def _read_picture(folder: Path, group: Group, image: Path) -> ImageTruth:
    """One colour per class; black is void."""
    path = require_file(folder / f"{image.stem}_GT.bmp", image)
    with Image.open(path) as file:
        colours = np.asarray(file.convert("RGB"))
    return mask_truth(
        (colours == group.colour).all(axis=-1), (colours == VOID).all(axis=-1)
    )


LAYOUT = Layout(
    "MSRC v2",
    f"Images/<group>_<n>_s.bmp and {MATRICES}/<name>_GT.mat or {PICTURES}/<name>_GT.bmp",
    _classes,
    load,
)

"""Small image sets, written in the layouts in which the real ones are published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy.io import savemat

SHAPE = (40, 60)
BOX = (10, 8, 40, 30)
"""Object of every image: xyxy, half-open."""


def object_mask() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
    return mask


def picture(seed: int) -> np.ndarray:
    """A bright block on dark noise, (H, W, 3) uint8."""
    noise = np.random.default_rng(seed).integers(0, 12, (*SHAPE, 3))
    bright = np.where(object_mask()[..., None], (220, 170, 90), (40, 60, 50))
    return (bright + noise).astype(np.uint8)


def save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, array)
    else:
        Image.fromarray(array).save(path)


def gray(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, 255, 0).astype(np.uint8)


def msrc_matrices(root: Path) -> None:
    """Cows: segment 1 grass, 2 cow, 3 (one beyond the last) unlabelled in row 0."""
    for number in range(2):
        save(root / "Images" / f"5_{number}_s.bmp", picture(number))
        segments = np.where(object_mask(), 2, 1).astype(np.uint8)
        segments[0] = 3
        folder = root / "newsegmentations_mats"
        folder.mkdir(exist_ok=True)
        truth = {"newseg": segments, "newlabels": np.array([[2], [4]])}
        savemat(folder / f"5_{number}_s_GT.mat", truth)


def msrc_pictures(root: Path) -> None:
    """The same by the colours of the truth: grass green, cow blue, void black."""
    for number in range(2):
        save(root / "Images" / f"5_{number}_s.bmp", picture(number))
        colours = np.zeros((*SHAPE, 3), np.uint8)
        colours[:] = (0, 128, 0)
        colours[object_mask()] = (0, 0, 128)
        colours[0] = 0
        save(root / "GroundTruth" / f"5_{number}_s_GT.bmp", colours)


def folders(images: str, masks: str, suffix: str = ".jpg", mask_suffix: str = ".png"):
    """Write two images and masks into folders of the class cat."""

    def write(root: Path) -> None:
        for number in range(2):
            save(root / images / f"{number}{suffix}", picture(number))
            save(root / masks / f"{number}{mask_suffix}", gray(object_mask()))

    return write


def voc_prepared(root: Path) -> None:
    """Boxes in a .mat beside the image, from 1 and with both ends inside."""
    listed = np.empty((1, 2), dtype=object)
    listed[0, 0] = np.array([BOX[0] + 1, BOX[1] + 1, BOX[2], BOX[3]])
    listed[0, 1] = np.array([1, 1, 5, 5])
    save(root / "horse_left" / "000001.jpg", picture(0))
    savemat(root / "horse_left" / "000001.mat", {"bbox_list": listed})


def annotation(*objects: tuple[str, str, int, int]) -> str:
    """A VOC annotation of objects (name, pose, truncated, difficult), all in `BOX`."""
    box = "".join(
        f"<{side}>{value}</{side}>"
        for side, value in zip(
            ("xmin", "ymin", "xmax", "ymax"),
            (BOX[0] + 1, BOX[1] + 1, BOX[2], BOX[3]),
            strict=True,
        )
    )
    found = "".join(
        f"<object><name>{name}</name><pose>{pose}</pose><truncated>{truncated}</truncated>"
        f"<difficult>{difficult}</difficult><bndbox>{box}</bndbox></object>"
        for name, pose, truncated, difficult in objects
    )
    return f"<annotation>{found}</annotation>"


def voc_devkit(root: Path) -> None:
    """Three images; only the first shows a horse from the left that counts."""
    listed = {
        "000001": annotation(("horse", "Left", 0, 0), ("horse", "Left", 1, 0)),
        "000002": annotation(("horse", "Left", 1, 0), ("bus", "Left", 0, 0)),
        "000003": annotation(("horse", "Right", 0, 0)),
    }
    for stem, text in listed.items():
        save(root / "JPEGImages" / f"{stem}.jpg", picture(int(stem)))
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / f"{stem}.xml").write_text(text)
    split = root / "ImageSets" / "Main" / "trainval.txt"
    split.parent.mkdir(parents=True)
    split.write_text("\n".join(listed) + "\n")


def wbc(root: Path) -> None:
    """Cells: nucleus 255 inside cytoplasm 128."""
    mask = np.where(object_mask(), 128, 0).astype(np.uint8)
    mask[15:20, 20:25] = 255
    for number in range(2):
        save(root / f"{number}.bmp", picture(number))
        save(root / f"{number}_mask.png", mask)


def bbbc010(root: Path) -> None:
    image = picture(0)[..., 0].astype(np.uint16) * 100
    save(root / "A01_w2.tif", image)
    save(root / "A01_mask.png", gray(object_mask()))


def dsb2018(root: Path) -> None:
    """Two nuclei that touch, each in a file of its own."""
    left, right = object_mask(), object_mask()
    left[:, 25:], right[:, :25] = False, False
    base = root / "stage1_train" / "abc"
    save(base / "images" / "abc.png", picture(0))
    save(base / "masks" / "1.png", gray(left))
    save(base / "masks" / "2.png", gray(right))


TREES = {
    "msrc": (msrc_matrices, "cow"),
    "msrc, pictures": (msrc_pictures, "cow"),
    "pascal10": (folders("images/Cat", "masks/Cat"), "Cat"),
    "internet": (folders("Data/Car", "Data/Car/GroundTruth"), "Car"),
    "icoseg": (folders("images/cat", "ground_truth/cat"), "cat"),
    "horses": (folders("rgb", "figure_ground", mask_suffix=".jpg"), "horses"),
    "voc07-6x2": (voc_prepared, "horse_left"),
    "voc07-6x2, devkit": (voc_devkit, "horse_left"),
    "wbc": (wbc, "cells"),
    "bbbc010": (bbbc010, "worms"),
    "dsb2018": (dsb2018, "nuclei"),
    "folder": (folders("images", "masks", ".png"), "all"),
    "folder, classes": (folders("images/cat", "masks/cat"), "cat"),
}
"""Writer and name of the class by layout; the part before the comma names the set."""

"""Image sets with truth, read in the layout in which they are published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from natsort import natsorted
from PIL import Image
from scipy.io import loadmat

MSRC_CLASSES = {
    # name: (number in the file names, class ids of the object in the truth)
    "plane": (4, (9,)),
    "cow": (5, (4,)),
    "face": (6, (11, 22)),
    "car": (7, (12,)),
    "chair": (14, (18,)),
}


@dataclass(frozen=True)
class LabelledSet:
    """Images of one class and their truth.

    Attributes
    ----------
    name
        Set and class, such as ``msrc/cow``.
    images
        Image files, in natural order.
    masks
        (H, W) bool per image.
    ignored
        (H, W) bool per image: pixels that the truth leaves open, not scored.
    """

    name: str
    images: tuple[Path, ...]
    masks: tuple[np.ndarray, ...]
    ignored: tuple[np.ndarray, ...]


def load_sets(root: Path, names: list[str]) -> Iterator[LabelledSet]:
    """Read the named sets below `root`: ``msrc/cow``, ``pascal10/Cow``, ``wbc``."""
    for name in names:
        family, _, category = name.partition("/")
        yield LOADERS[family](root / family, name, category)


def load_msrc(root: Path, name: str, category: str) -> LabelledSet:
    """MSRC v2: segments of newsegmentations_mats, classes by newlabels, void is open."""
    number, ids = MSRC_CLASSES[category]
    images = natsorted((root / "Images").glob(f"{number}_*.bmp"))
    masks, ignored = [], []
    for image in images:
        truth = loadmat(root / "newsegmentations_mats" / f"{image.stem}_GT.mat")
        segment, label = truth["newseg"].astype(int), truth["newlabels"].ravel()
        # Segment number n + 1 stands for pixels that nobody labelled.
        table = np.append(np.isin(label, ids), False)
        masks.append(table[segment - 1])
        ignored.append(segment == len(label) + 1)
    return LabelledSet(name, tuple(images), tuple(masks), tuple(ignored))


def load_pascal10(root: Path, name: str, category: str) -> LabelledSet:
    """Co-segmentation set of PASCAL VOC 2010: images/<class>, masks/<class>."""
    images = natsorted(p for p in (root / "images" / category).iterdir() if p.is_file())
    masks = [_read_mask(root / "masks" / category / f"{p.stem}.png", 1) for p in images]
    return _complete(name, images, masks)


def load_wbc(root: Path, name: str, category: str) -> LabelledSet:
    """White blood cells: 255 nucleus, 128 cytoplasm."""
    images = natsorted(root.glob("*.bmp"))
    masks = [_read_mask(root / f"{p.stem}_mask.png", 128) for p in images]
    return _complete(name, images, masks)


LOADERS = {"msrc": load_msrc, "pascal10": load_pascal10, "wbc": load_wbc}


def _read_mask(path: Path, threshold: int) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L")) >= threshold


def _complete(name: str, images: list[Path], masks: list[np.ndarray]) -> LabelledSet:
    ignored = [np.zeros_like(mask) for mask in masks]
    return LabelledSet(name, tuple(images), tuple(masks), tuple(ignored))

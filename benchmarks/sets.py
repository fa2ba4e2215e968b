"""Image sets with truth, read in the layout in which they are published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from natsort import natsorted
from PIL import Image
from scipy.io import loadmat

from napari_jcc.evaluation.boxes import boxes_of_mask

MSRC_CLASSES = {
    # name: (number in the file names, class ids of the object in the truth)
    "plane": (4, (9,)),
    "cow": (5, (4,)),
    "face": (6, (11,)),
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
        (H, W) bool per image; empty where the truth is boxes only.
    ignored
        (H, W) bool per image: pixels that the truth leaves open, not scored.
    boxes
        (K, 4) ``xyxy`` half-open per image, of every object there.
    """

    name: str
    images: tuple[Path, ...]
    masks: tuple[np.ndarray, ...]
    ignored: tuple[np.ndarray, ...]
    boxes: tuple[np.ndarray, ...]

    def every(self, step: int, first: int = 0) -> LabelledSet:
        """Every `step`-th image, from the one at `first` on."""
        part = slice(first, None, step)
        parts = (
            value[part] for value in (self.images, self.masks, self.ignored, self.boxes)
        )
        return LabelledSet(self.name, *parts)


def load_sets(root: Path, names: list[str]) -> Iterator[LabelledSet]:
    """Read the named sets below `root`: ``msrc/cow``, ``wbc``; ``msrc`` alone is all."""
    for name in names:
        family, _, category = name.partition("/")
        folder = root / family
        known = CATEGORIES.get(family, lambda _: [""])(folder)
        for chosen in [category] if category else known:
            full = f"{family}/{chosen}" if chosen else family
            yield LOADERS[family](folder, full, chosen)


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
    return _complete(name, images, masks, ignored)


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


def load_bbbc010(root: Path, name: str, category: str) -> LabelledSet:
    """Worms, several an image: brightfield <well>_w2.tif, <well>_mask.png."""
    images = natsorted(root.glob("*_w2.tif"))
    masks = [_read_mask(root / f"{p.stem[:3]}_mask.png", 1) for p in images]
    return _complete(name, images, masks)


def load_voc(root: Path, name: str, category: str) -> LabelledSet:
    """PASCAL07-6x2: a .mat beside each image lists boxes, from 1, both ends inside."""
    images = natsorted((root / category).glob("*.jpg"))
    boxes = []
    for image in images:
        listed = loadmat(image.with_suffix(".mat"))["bbox_list"].ravel()
        corners = np.stack([box.ravel() for box in listed]).astype(float)
        boxes.append(corners - [1, 1, 0, 0])
    return LabelledSet(name, tuple(images), (), (), tuple(boxes))


LOADERS = {
    "msrc": load_msrc,
    "pascal10": load_pascal10,
    "wbc": load_wbc,
    "bbbc010": load_bbbc010,
    "voc2007_6x2": load_voc,
}
CATEGORIES = {
    "msrc": lambda _: list(MSRC_CLASSES),
    "pascal10": lambda folder: _folders(folder / "images"),
    "voc2007_6x2": lambda folder: _folders(folder),
}


def _folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def _read_mask(path: Path, threshold: int) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L")) >= threshold


def _complete(
    name: str, images: list[Path], masks: list[np.ndarray], ignored: list | None = None
) -> LabelledSet:
    ignored = ignored or [np.zeros_like(mask) for mask in masks]
    boxes = tuple(boxes_of_mask(mask) for mask in masks)
    return LabelledSet(name, tuple(images), tuple(masks), tuple(ignored), boxes)

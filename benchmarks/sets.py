"""Labelled image sets below one folder, with all truth read, for the scripts here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_jcc.benchmark import LabelledClass, load_set

FOLDERS = {"voc2007_6x2": "voc07-6x2"}
"""Names of sets by folder, where they differ."""


@dataclass(frozen=True)
class LabelledSet:
    """Images of one class and their truth; masks are empty where the truth is boxes only.

    `ignored` are pixels that the truth leaves open, `boxes` (K, 4) ``xyxy`` half-open.
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
        classes = [category] if category else []
        for found in load_set(FOLDERS.get(family, family), root / family, classes):
            yield _read(family, found)


def _read(family: str, found: LabelledClass) -> LabelledSet:
    truths = [found.read(image) for image in found.images]
    masks = tuple(truth.mask for truth in truths if truth.mask is not None)
    ignored = tuple(
        np.zeros(truth.mask.shape, bool) if truth.ignored is None else truth.ignored
        for truth in truths
        if truth.mask is not None
    )
    boxes = tuple(truth.boxes for truth in truths)
    return LabelledSet(f"{family}/{found.name}", found.images, masks, ignored, boxes)

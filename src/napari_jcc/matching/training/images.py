"""The images of a collection as one tensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import resize_image
from napari_jcc.errors import InputError
from napari_jcc.pipeline.supplied import find_maps
from napari_jcc.progress import Progress, as_progress

_LIGHT = 128
"""Gray level that masks reach which are not numbers of objects."""


def load_images(
    collection: ImageCollection, side: int, progress: Progress | None = None
) -> Tensor:
    """Read all images, (N, 3, side, side) uint8 RGB, proportions ignored.

    Raises
    ------
    InputError
        If an image cannot be read.
    Cancelled
        If the progress was cancelled.
    """
    progress = as_progress(progress)
    progress.start("Images", len(collection))
    images = []
    for index in range(len(collection)):
        images.append(resize_image(collection.image(index), (side, side)))
        progress.advance()
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def load_guides(collection: ImageCollection, folder: str, side: int) -> Tensor | None:
    """Read the masks of all images, (N, 1, side, side) uint8; None if `folder` is empty.

    They are gray levels, of which 255 is object; where all are dark, numbers of objects.

    Raises
    ------
    InputError
        If the folder is missing, lacks a mask, or one cannot be read.
    """
    if not folder:
        return None
    if not Path(folder).is_dir():
        raise InputError(
            f"training.masks must name a folder of masks, got {folder!r}. Correct it, or "
            "leave it empty to train without."
        )
    found = find_maps(collection.names, Path(folder), "mask")
    masks = [resize_image(_as_guide(masks.image(0)), (side, side)) for masks in found]
    return torch.from_numpy(np.stack(masks))[:, None].contiguous()


def _as_guide(mask: ImageArray) -> NDArray[np.uint8]:
    """Gray levels (H, W) of a mask; of one that numbers its objects, 255 on these."""
    levels = mask[..., 0]
    return levels if levels.max() >= _LIGHT else np.where(levels > 0, np.uint8(255), levels)

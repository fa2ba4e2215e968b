"""The images of a collection as one tensor."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.progress import Progress


def to_square(image: ImageArray, side: int) -> ImageArray:
    """Bring an image (H, W, 3) to (side, side, 3), proportions ignored."""
    shrinks = image.shape[0] * image.shape[1] > side * side
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(image, (side, side), interpolation=interpolation)
    return np.asarray(resized, dtype=np.uint8)


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
    progress = progress or Progress()
    progress.start("Images", len(collection))
    images = []
    for index in range(len(collection)):
        images.append(to_square(collection.image(index), side))
        progress.advance()
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def to_unit(images: Tensor, device: torch.device | str) -> Tensor:
    """Bring uint8 images to float32 in [0, 1] on a device."""
    return images.to(device).float() / 255

"""Images as the network takes them."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc._types import ImageArray
from napari_jcc.collection.intensity import resize_image


def to_square(image: ImageArray, side: int) -> ImageArray:
    """Bring an image (H, W, 3) to (side, side, 3), proportions ignored."""
    return resize_image(image, (side, side))


def to_unit(images: Tensor, device: torch.device | str) -> Tensor:
    """Bring uint8 images to float32 in [0, 1] on a device."""
    return images.to(device).float() / 255

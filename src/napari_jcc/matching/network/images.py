"""Images as the network takes them."""

from __future__ import annotations

import torch
from torch import Tensor


def to_float(images: Tensor, device: torch.device | str) -> Tensor:
    """Bring uint8 images to float32 in [0, 1] on a device."""
    return images.to(device).float() / 255

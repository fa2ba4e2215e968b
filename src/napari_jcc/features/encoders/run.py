"""What both kinds of encoders do with a batch of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_jcc._types import ImageArray
from napari_jcc.device import is_out_of_memory
from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders.encoder import FeatureMap
from napari_jcc.features.encoders.geometry import Grid

if TYPE_CHECKING:
    import torch


GPU_BATCH = 16


def batch_size(device: str) -> int:
    """Images that a device is best given at once."""
    return 1 if device == "cpu" else GPU_BATCH


def choose_map(grids: Sequence[Grid], stride: int) -> int:
    """Place of the deepest map that is no coarser than `stride`, else of the finest."""
    fine = [place for place, grid in enumerate(grids) if grid.stride <= stride]
    if fine:
        return fine[-1]
    return min(range(len(grids)), key=lambda place: grids[place].stride)


def run_network(
    network: Callable[[torch.Tensor], torch.Tensor],
    images: ImageArray,
    grid: Grid,
    device: str,
) -> list[FeatureMap]:
    """Run a network on images of one size, in half precision where the device is CUDA.

    Parameters
    ----------
    network
        Takes (B, 3, H, W) float32 in [0, 1], returns (B, D, gh, gw).
    images : (B, H, W, 3) uint8
        RGB.
    grid
        Where the cells lie.
    device
        Device of the network.

    Raises
    ------
    WeightsError
        If the network does not take the images, or returns values that are not finite.
    RuntimeError
        If memory ran out.
    """
    import torch

    with torch.inference_mode(), torch.autocast(device, torch.float16, device == "cuda"):
        try:
            pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device)
            maps = network(pixels.permute(0, 3, 1, 2).float() / 255)
            # A card works on its own, so its errors may come with the answer alone.
            values = maps.permute(0, 2, 3, 1).to("cpu", torch.float16).numpy()
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            raise WeightsError(
                f"The encoder cannot work on images of {images.shape[2]} x "
                f"{images.shape[1]} pixels: {error}. Change features.encoder_size, choose "
                "another encoder, or leave such images out."
            ) from error
    if not np.isfinite(values).all():
        raise WeightsError(
            "The encoder returns values that are not finite in half precision. Choose "
            "another encoder."
        )
    return [FeatureMap(value, *grid, size=images.shape[1:3]) for value in values]

"""Where the cells of a network's maps lie in its input, measured on the network itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from napari_jcc.errors import WeightsError

if TYPE_CHECKING:
    import torch

SMALL, LARGE = 128, 256
"""Sides of the images that networks are measured with."""


class Grid(NamedTuple):
    """Distance of the cells, and centre of the first, in pixels."""

    stride: int
    offset: float


def measure_grids(
    network: Callable[[torch.Tensor], list[torch.Tensor]], device: str
) -> list[Grid]:
    """Find stride and offset of every map that a network returns.

    The stride follows from the sizes of the maps of two images. A cell lies where the
    input moves it most: the centre of gravity of the gradient's magnitude, of a few cells
    in the middle of a random image, as a mean over both axes. Half a pixel for a single
    convolution, within 1.5 for deep networks of stride 16, whatever way they pad.

    Parameters
    ----------
    network
        Takes (1, 3, H, W) float32 in [0, 1], returns maps (1, D, gh, gw).
    device
        Device of the network.

    Raises
    ------
    WeightsError
        If a map has no gradient, as of a network that was exported or quantised without.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    # Whoever calls may have turned gradients off, which would hide where the cells lie.
    with torch.inference_mode(False), torch.enable_grad():
        image = torch.rand((1, 3, LARGE, LARGE), generator=generator).to(device)
        small = network(image[..., :SMALL, :SMALL])
        image.requires_grad_()
        large = network(image)
        return [
            _measure_grid(before, after, image)
            for before, after in zip(small, large, strict=True)
        ]


def _measure_grid(small: torch.Tensor, large: torch.Tensor, image: torch.Tensor) -> Grid:
    if not large.requires_grad:
        raise WeightsError(
            "The maps of the encoder have no gradient, so where their cells lie cannot be "
            "measured. Export it without torch.no_grad and quantisation, or name another."
        )
    cells = large.shape[-1]
    stride = round((LARGE - SMALL) / max(cells - small.shape[-1], 1))
    middle = cells // 2
    places = {(middle, middle), (middle - 1, middle), (middle, middle - 1)}
    offsets = [_offset(large, image, row, column, stride) for row, column in sorted(places)]
    return Grid(stride, sum(offsets) / len(offsets))


def _offset(
    features: torch.Tensor, image: torch.Tensor, row: int, column: int, stride: int
) -> float:
    import torch

    cell = features[0, :, row, column].square().sum()
    (gradient,) = torch.autograd.grad(cell, image, retain_graph=True)
    weight = gradient[0].abs().sum(dim=0)
    place = torch.arange(LARGE, dtype=weight.dtype, device=weight.device)
    total = weight.sum().clamp_min(1e-30)
    y = float((weight.sum(dim=1) @ place) / total) - row * stride
    x = float((weight.sum(dim=0) @ place) / total) - column * stride
    return (x + y) / 2

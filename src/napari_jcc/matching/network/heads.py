"""Regression of the parameters of a transformation from a correlation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

FIRST_KERNEL, SECOND_KERNEL = 7, 5
LEAST_GRID = FIRST_KERNEL + SECOND_KERNEL - 1


class TransformHead(nn.Module):
    """Two convolutions without padding, and a linear layer.

    On the grid of 15 of the paper the maps are 15, 9 and 5 cells wide. The last layer
    starts at zero, so that an untrained head gives `identity`.

    Parameters
    ----------
    grid
        Cells along each side of the images that are compared, at least 11.
    channels
        Channels of the two convolutions.
    identity : (P,)
        Parameters of the identity.
    """

    identity: Tensor

    def __init__(self, grid: int, channels: Sequence[int], identity: Tensor) -> None:
        super().__init__()
        first, second = channels
        cells = grid - LEAST_GRID + 1
        self.layers = nn.Sequential(
            nn.Conv2d(grid**2, first, FIRST_KERNEL),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, SECOND_KERNEL),
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
        )
        self.linear = nn.Linear(second * cells**2, len(identity))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.register_buffer("identity", identity, persistent=False)

    def forward(self, correlation: Tensor) -> Tensor:
        """Parameters (B, P) from a correlation (B, grid^2, grid, grid)."""
        with torch.autocast(correlation.device.type, enabled=False):
            # Half precision would round points to thousandths of the image.
            features = self.layers(correlation.float()).flatten(1)
            theta: Tensor = self.identity + self.linear(features)
        return theta

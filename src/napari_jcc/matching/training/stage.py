"""The interface of a stage of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import torch
from torch import nn

from napari_jcc.progress import Progress


class Batch(Protocol):
    """The samples of one step."""

    def __len__(self) -> int: ...

    def part(self, rows: slice) -> Self:
        """Keep some of the samples."""
        ...

    def to(self, device: torch.device) -> Self:
        """Move to a device."""
        ...


class Stage(Protocol):
    """A loss, the samples it is computed on, and the weights that it trains."""

    name: str
    steps: int
    batch: int
    """Samples per step, over all devices."""
    objective: nn.Module
    """Takes a batch of B samples, returns terms (B,) by name, ``total`` among them."""
    minimised: str
    """Term whose mean over the held-out samples decides when to stop."""

    def prepare(self, device: torch.device, progress: Progress) -> None:
        """Do what is done once, with the network on its device."""
        ...

    def parameter_groups(self) -> list[dict[str, object]]:
        """Weights to train with their learning rates, as torch's optimisers take them."""
        ...

    def draw(self, step: int, count: int, rank: int) -> Batch:
        """Draw `count` samples of a step for one of the devices; always the same ones."""
        ...

    def held_out(self) -> Sequence[Batch]:
        """Return the samples that checks are made on; none for no checks."""
        ...

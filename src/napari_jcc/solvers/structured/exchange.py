"""Sums over all images, wherever they are held."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Exchange(Protocol):
    """What the holders of parts of a set tell each other; nothing else crosses."""

    def total(self, value: Tensor) -> Tensor:
        """Sum of a tensor over all holders."""
        ...

    def largest(self, value: Tensor) -> Tensor:
        """Elementwise largest over all holders."""
        ...


class Alone:
    """One holder of all images."""

    def total(self, value: Tensor) -> Tensor:
        """Return the value itself."""
        return value

    def largest(self, value: Tensor) -> Tensor:
        """Return the value itself."""
        return value


class AcrossProcesses:
    """Holders are the processes of the default group of torch.distributed."""

    def total(self, value: Tensor) -> Tensor:
        """Sum over all processes."""
        result = value.clone()
        torch.distributed.all_reduce(result, torch.distributed.ReduceOp.SUM)
        return result

    def largest(self, value: Tensor) -> Tensor:
        """Elementwise largest over all processes."""
        result = value.clone()
        torch.distributed.all_reduce(result, torch.distributed.ReduceOp.MAX)
        return result

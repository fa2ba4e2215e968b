"""Reductions over all images, whichever process holds them."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Exchange(Protocol):
    """All-reduce operations of the processes that hold images; all they communicate."""

    def total(self, value: Tensor) -> Tensor:
        """Sum of a tensor over all processes."""
        ...

    def largest(self, value: Tensor) -> Tensor:
        """Elementwise maximum over all processes."""
        ...


class SingleProcess:
    """For a single process that holds all images."""

    def total(self, value: Tensor) -> Tensor:
        """Return the value itself."""
        return value

    def largest(self, value: Tensor) -> Tensor:
        """Return the value itself."""
        return value


class AcrossProcesses:
    """For the processes of the default group of torch.distributed."""

    def total(self, value: Tensor) -> Tensor:
        """Sum over all processes."""
        return _reduce(value, torch.distributed.ReduceOp.SUM)

    def largest(self, value: Tensor) -> Tensor:
        """Elementwise largest over all processes."""
        return _reduce(value, torch.distributed.ReduceOp.MAX)


def _reduce(value: Tensor, operation: torch.distributed.ReduceOp.RedOpType) -> Tensor:
    # NCCL alone takes nothing but tensors on a card.
    on_card = torch.distributed.get_backend() == "nccl"
    result = value.to("cuda", copy=True) if on_card else value.clone()
    torch.distributed.all_reduce(result, operation)
    return result.to(value.device)

"""Random generators that depend on seed and step alone, so that no state is stored."""

from __future__ import annotations

from hashlib import blake2b

import torch
from torch import Tensor


def generator_for(*parts: int | str) -> torch.Generator:
    """Return a generator on the CPU whose numbers depend on `parts` only.

    A run that goes on from step t draws what an unbroken run would have drawn at t.
    """
    digest = blake2b(repr(parts).encode(), digest_size=7).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


def uniform(shape: tuple[int, ...], limit: float, generator: torch.Generator) -> Tensor:
    """Draw numbers of [-limit, limit], float32."""
    return (2 * torch.rand(shape, generator=generator) - 1) * limit

"""Devices by name."""

from __future__ import annotations

import torch


def choose_device(name: str) -> torch.device:
    """Return the device of a name; factors need float64, which mps does not have."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device("cpu" if name == "mps" else name)

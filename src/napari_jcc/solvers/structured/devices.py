"""Devices by name."""

from __future__ import annotations

import torch

from napari_jcc import device


def choose_device(name: str) -> torch.device:
    """Return the device of a name; factors need float64, which mps does not have.

    Raises
    ------
    ConfigError
        If the device asked for is not there.
    """
    found = device.choose_device(name)
    return torch.device("cpu" if found == "mps" else found)

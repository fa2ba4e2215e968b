"""The devices that training runs on."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import torch

from napari_jcc.config import TrainingConfig
from napari_jcc.device import choose_device
from napari_jcc.errors import ConfigError
from napari_jcc.words import how_to_install

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def start_fabric(config: TrainingConfig) -> Fabric:
    """Start Fabric on the devices that the settings name.

    Raises
    ------
    ConfigError
        If Fabric is not installed, or a device is not there.
    """
    if importlib.util.find_spec("lightning_fabric") is None:
        raise ConfigError(
            "Training needs lightning-fabric, not installed here. "
            f"{how_to_install('match')}"
        )
    from lightning_fabric import Fabric

    alone = config.devices == 1 and config.nodes == 1
    device = choose_device(config.device)
    available = torch.cuda.device_count() if device == "cuda" else config.devices
    if config.devices > available:
        raise ConfigError(
            f"training.devices is {config.devices} but this computer has {available}. "
            "Choose as many at most."
        )
    fabric = Fabric(
        accelerator=device,
        devices=config.devices,
        num_nodes=config.nodes,
        precision=config.precision,
        strategy="auto" if alone else "ddp",
    )
    fabric.launch()
    return fabric

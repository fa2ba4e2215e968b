"""Where stages that can use a graphics card run."""

from __future__ import annotations

import importlib.util
from typing import Literal

from napari_jcc.errors import ConfigError

Device = Literal["cpu", "cuda", "mps"]


def choose_device(name: str) -> Device:
    """Turn the setting ``runtime.device`` into a device that is there.

    Parameters
    ----------
    name
        ``cpu``, ``cuda``, ``mps``, or ``auto``: the first there is of cuda, mps, cpu.
        Without torch, ``auto`` is cpu.

    Raises
    ------
    ConfigError
        If the device asked for is not there.
    """
    present = _present_devices()
    if name == "auto":
        return present[0]
    for device in present:
        if device == name:
            return device
    raise ConfigError(
        f'runtime.device is "{name}" but this computer offers {", ".join(present)} only'
        f"{_reason()}. Choose one of these, or auto."
    )


def _present_devices() -> list[Device]:
    """Devices that can be used, fastest first."""
    present: list[Device] = ["cpu"]
    if not _has_torch():
        return present
    import torch

    if torch.backends.mps.is_available():
        present.insert(0, "mps")
    if torch.cuda.is_available():
        present.insert(0, "cuda")
    return present


def _reason() -> str:
    return "" if _has_torch() else " (torch is not installed)"


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None

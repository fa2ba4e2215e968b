"""Where stages that can use a graphics card run."""

from __future__ import annotations

import importlib.util
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from napari_jcc.errors import ConfigError
from napari_jcc.words import how_to_install

T = TypeVar("T")

Device = Literal["cpu", "cuda", "mps"]

MEMORY_WORDS = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "STATUS_ALLOC_FAILED",
)
"""What a plain RuntimeError says where memory ran out: of the processor (Linux, Windows),
of Metal, and of the libraries that work on a graphics card."""


@dataclass(frozen=True)
class FoundDevice:
    """A device of this computer.

    Attributes
    ----------
    name
        What ``runtime.device`` calls it.
    title
        What its maker calls it.
    memory
        Its memory in bytes; 0 where that cannot be told.
    """

    name: Device
    title: str
    memory: int


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
    reason = "" if _has_torch() else " (torch is not installed)"
    raise ConfigError(
        f'runtime.device is "{name}" but this computer offers {", ".join(present)} only'
        f"{reason}. Choose one of these, or auto."
    )


def find_devices() -> list[FoundDevice]:
    """List the devices that can be used, fastest first; loads torch where there is one."""
    return [_describe(name) for name in _present_devices()]


def why_no_card(found: list[FoundDevice]) -> str:
    """Say why no graphics card is among the devices found; empty where there is one."""
    if len(found) > 1:
        return ""
    if not _has_torch():
        return (
            "No graphics card can be used, as torch is not installed. "
            f"{how_to_install('deep')}"
        )
    return "torch finds no graphics card here."


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, on any device; loads no torch."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"MemoryError", "OutOfMemoryError"}:
        return True
    return any(words in str(error) for words in MEMORY_WORDS)


def within_memory(work: Callable[[], T], retreat: Callable[[Exception], None]) -> T:
    """Do work, again after every retreat from memory that ran out.

    Parameters
    ----------
    work
        What may run out of memory, and can be done again.
    retreat
        Sees to it that less is needed, or raises what is to be told; gets the error.
    """
    while True:
        try:
            return work()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            # Its frames hold what was computed, which is the memory that lacks.
            failure = error.with_traceback(None)
        retreat(failure)


def _describe(name: Device) -> FoundDevice:
    if name == "cpu":
        return FoundDevice(name, platform.processor() or platform.machine(), _memory())
    import torch

    if name == "mps":
        return FoundDevice(name, "Apple graphics", torch.mps.recommended_max_memory())
    card = torch.cuda.get_device_properties(0)
    return FoundDevice(name, str(card.name), int(card.total_memory))


def _memory() -> int:
    """Memory of the computer in bytes; 0 where the system has no such call."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


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


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None

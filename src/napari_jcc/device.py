"""Choice of the device, and what to do when its memory runs out."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
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
"""Parts of the message of a plain RuntimeError if memory ran out: on the CPU (Linux,
Windows), with Metal, and in CUDA libraries."""


@dataclass(frozen=True)
class FoundDevice:
    """A device of this computer.

    Attributes
    ----------
    name
        Its name in ``runtime.device``.
    title
        Its model name.
    memory
        Its memory in bytes; 0 if unknown.
    """

    name: Device
    title: str
    memory: int


def choose_device(name: str) -> Device:
    """Resolve the setting ``runtime.device`` to an available device.

    Parameters
    ----------
    name
        ``cpu``, ``cuda``, ``mps``, or ``auto``: the first available of cuda, mps, cpu.
        Without torch, ``auto`` is cpu.

    Raises
    ------
    ConfigError
        If the device is not available.
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
    """List the available devices, fastest first; imports torch if it is installed."""
    return [_describe(name) for name in _present_devices()]


def why_no_card(found: list[FoundDevice]) -> str:
    """Explain why no graphics card was found; empty if there is one."""
    if len(found) > 1:
        return ""
    if not _has_torch():
        return (
            "No graphics card can be used, as torch is not installed. "
            f"{how_to_install('deep')}"
        )
    return "torch finds no graphics card here."


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out, on any device; does not import torch."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"MemoryError", "OutOfMemoryError"}:
        return True
    return any(words in str(error) for words in MEMORY_WORDS)


def within_memory(work: Callable[[], T], retreat: Callable[[Exception], None]) -> T:
    """Call `work`; whenever memory runs out, call `retreat` and try again.

    Parameters
    ----------
    work
        May run out of memory, and can be repeated.
    retreat
        Called with the error. Reduces the memory that `work` needs, or raises.
    """
    while True:
        try:
            return work()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            # The frames of the traceback would keep the tensors of `work` alive.
            failure = error.with_traceback(None)
        retreat(failure)


def free_unused_memory() -> None:
    """Return to the system what torch keeps of a graphics card for later; else nothing.

    Other programs, and other libraries in this one, cannot use it before.
    """
    torch = sys.modules.get("torch")
    # A part of a package that is being imported is missing until it can be used.
    cuda, mps = getattr(torch, "cuda", None), getattr(torch, "mps", None)
    if cuda is not None and cuda.is_initialized():
        cuda.empty_cache()
    if mps is not None and mps.is_available():
        mps.empty_cache()


def _describe(name: Device) -> FoundDevice:
    if name == "cpu":
        return FoundDevice(name, platform.processor() or platform.machine(), _memory())
    import torch

    if name == "mps":
        return FoundDevice(name, "Apple graphics", torch.mps.recommended_max_memory())
    card = torch.cuda.get_device_properties(0)
    return FoundDevice(name, str(card.name), int(card.total_memory))


def _memory() -> int:
    """Memory of the computer in bytes; 0 if the system does not tell."""
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

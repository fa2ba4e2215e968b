"""Choosing a device."""

import sys
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from napari_jcc import device
from napari_jcc.device import choose_device, free_unused_memory, within_memory
from napari_jcc.errors import ConfigError


def test_cpu_is_always_there():
    assert choose_device("cpu") == "cpu"


def test_auto_takes_the_fastest(monkeypatch):
    monkeypatch.setattr(device, "_present_devices", lambda: ["cuda", "cpu"])
    assert choose_device("auto") == "cuda"
    assert choose_device("cpu") == "cpu"


def test_without_torch_auto_is_cpu_and_cuda_an_error(monkeypatch):
    monkeypatch.setattr(device, "_has_torch", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(ConfigError, match=r"cuda.*offers cpu only.*torch is not installed"):
        choose_device("cuda")


@pytest.mark.parametrize("used", [True, False])
def test_memory_of_a_card_is_returned_if_it_was_used(monkeypatch, used):
    emptied = []
    cuda = SimpleNamespace(
        is_initialized=lambda: used, empty_cache=lambda: emptied.append("cuda")
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    free_unused_memory()
    assert emptied == ["cuda"] * used


def test_what_a_failed_attempt_held_is_gone_before_the_retreat():
    held = []

    def work():
        if len(held) == 2:
            return "done"
        large = np.zeros(8)
        held.append(weakref.ref(large))
        raise MemoryError

    def retreat(error):
        assert held[-1]() is None

    assert within_memory(work, retreat) == "done"


def test_other_errors_pass_and_what_the_retreat_raises_is_told():
    def retreat(error):
        raise ConfigError("too large") from error

    with pytest.raises(ZeroDivisionError):
        within_memory(lambda: 1 / 0, retreat)
    with pytest.raises(ConfigError, match="too large"):
        within_memory(lambda: np.zeros(2**50), retreat)

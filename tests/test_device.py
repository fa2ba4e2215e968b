"""Choosing a device."""

import pytest

from napari_jcc import device
from napari_jcc.device import choose_device
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

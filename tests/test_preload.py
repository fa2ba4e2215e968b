"""Torch is loaded beside other work, and only where it is there."""

import importlib.util
import subprocess
import sys

import pytest

AHEAD = """
import sys, threading
from napari_jcc.preload import load_torch_ahead
load_torch_ahead()
threads = [t for t in threading.enumerate() if t.name == "napari-jcc torch"]
import torch
assert len(threads) == 1
assert int(torch.ones(3).sum()) == 3
load_torch_ahead()
assert not [t for t in threading.enumerate() if t.name == "napari-jcc torch"]
"""
MISSING = """
import sys, threading
sys.modules["torch"] = None
import importlib.util
from napari_jcc import preload
preload.importlib.util.find_spec = lambda name: None
preload.load_torch_library()
del sys.modules["torch"]
preload.load_torch_ahead()
assert threading.active_count() == 1
"""


def test_who_asks_for_torch_gets_what_the_thread_loads():
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    subprocess.run([sys.executable, "-c", AHEAD], check=True)


def test_nothing_is_loaded_where_torch_is_not_installed():
    subprocess.run([sys.executable, "-c", MISSING], check=True)

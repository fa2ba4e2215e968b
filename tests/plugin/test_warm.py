"""Libraries are loaded beside the window, and their objects kept out of collections."""

from __future__ import annotations

import gc
import threading

import pytest

from napari_jcc.plugin import warm


@pytest.fixture
def few(monkeypatch):
    """Load little, in a process whose windows are all open."""
    monkeypatch.setattr(warm, "_MODULES", ("json", "no_such_module", warm._DRAWS))
    monkeypatch.setattr(warm, "_load_torch_library", lambda: None)
    monkeypatch.setattr(warm, "_left", threading.Event())
    yield
    gc.unfreeze()


def test_what_was_loaded_is_collected_again_when_a_window_is_closed(few):
    before = gc.get_threshold()
    warm._load()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold() == before
    warm.let_go()
    assert gc.get_freeze_count() == 0
    warm._load()
    assert gc.get_freeze_count() == 0

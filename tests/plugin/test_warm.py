"""Libraries are loaded beside the window, and their objects kept out of collections."""

from __future__ import annotations

import gc
import importlib
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QObject

from napari_jcc.plugin.background import garbage, warm
from napari_jcc.plugin.background.quiet import breathing_imports, when_still
from napari_jcc.plugin.background.turns import short_turns


@pytest.fixture
def few(monkeypatch):
    """Load little, in a process whose windows are all open."""
    monkeypatch.setattr(warm, "_MODULES", ("json", "no_such_module", warm._DRAWS))
    monkeypatch.setattr(warm, "_load_torch_library", lambda: None)
    monkeypatch.setattr(garbage, "_freezes", True)
    yield
    gc.unfreeze()


def test_what_was_loaded_is_collected_again_when_a_window_is_closed(few):
    before = gc.get_threshold()
    warm._load()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold() == before
    garbage.let_go()
    assert gc.get_freeze_count() == 0
    warm._load()
    assert gc.get_freeze_count() == 0


def test_loading_rests_while_a_job_is_at_work(few, monkeypatch):
    monkeypatch.setattr(warm, "_REST", 0.01)
    loaded: list[str] = []
    monkeypatch.setattr(warm, "_MODULES", ("json", "csv"))
    monkeypatch.setattr(warm, "importlib", SimpleNamespace(import_module=loaded.append))
    loading = threading.Thread(target=warm._load)
    with short_turns():
        loading.start()
        loading.join(0.3)
        assert not loaded
    loading.join(20)
    assert loaded == ["json", "csv"]


def test_nothing_is_loaded_before_the_window_is_still(qtbot):
    owner, called = QObject(), []
    when_still(lambda: called.append(time.monotonic()), owner)
    for _ in range(4):
        qtbot.wait(300)
        time.sleep(0.2)  # a long turn of the event loop
    ended = time.monotonic()
    assert not called
    qtbot.waitUntil(lambda: bool(called), timeout=20_000)
    assert called[0] - ended > 0.8
    qtbot.wait(300)
    assert len(called) == 1


def test_only_the_thread_that_loads_rests_between_modules(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    for name in "ab":
        folder = tmp_path / f"many_{name}"
        folder.mkdir()
        imports = "\n".join(f"from many_{name} import m{i}" for i in range(200))
        (folder / "__init__.py").write_text(imports)
        for i in range(200):
            (folder / f"m{i}.py").touch()
    rested: list[int] = []
    clock = SimpleNamespace(sleep=lambda _: rested.append(threading.get_ident()))
    monkeypatch.setattr("napari_jcc.plugin.background.quiet.time", clock)
    before = list(sys.meta_path)
    with breathing_imports():
        importlib.import_module("many_a")
        other = threading.Thread(target=importlib.import_module, args=("many_b",))
        other.start()
        other.join()
    assert len(rested) >= 200
    assert set(rested) == {threading.get_ident()}
    assert sys.meta_path == before

"""Docks that are opened before their libraries are loaded."""

from __future__ import annotations

import subprocess
import sys
import threading
import types

import pytest
from qtpy.QtWidgets import QLabel

from napari_jcc.plugin import opening
from napari_jcc.plugin.docks import open_dock, show_dock
from napari_jcc.plugin.widgets.review.dock import ReviewDock

LIGHT = """
import sys
import napari, napari._qt.qt_main_window
before = set(sys.modules)
import napari_jcc.plugin.opening
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""


@pytest.fixture
def slow(monkeypatch):
    """Return an event, until which the Review dock is not loaded."""
    loaded = threading.Event()
    monkeypatch.setitem(
        sys.modules, "napari_jcc.plugin.widgets.review.dock", types.ModuleType("empty")
    )

    def load(module: str) -> None:
        assert loaded.wait(20)
        sys.modules[module].ReviewDock = ReviewDock

    monkeypatch.setattr(opening, "_load", load)
    yield loaded
    loaded.set()


def test_what_napari_imports_to_open_a_dock_is_light():
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    heavy = {"scipy", "cv2", "skimage", "dask", "torch", "matplotlib", "pandas"}
    assert not heavy & set(done.stdout.split())


def find_review(viewer):
    return viewer.window.dock_widgets["Review (Joint Co-segmentation)"]


def test_a_dock_takes_the_place_that_is_kept_for_it(make_napari_viewer, qtbot, slow):
    viewer = make_napari_viewer()
    show_dock(viewer, "Review")
    show_dock(viewer, "Review")
    assert len(viewer.window.dock_widgets) == 1
    assert find_review(viewer).findChild(QLabel).text() == "Loading…"
    slow.set()
    qtbot.waitUntil(lambda: isinstance(find_review(viewer), ReviewDock))
    assert open_dock(viewer, "Review") is find_review(viewer)
    assert len(viewer.window.dock_widgets) == 1


def test_room_is_made_and_the_dock_in_two_turns_of_the_event_loop(
    make_napari_viewer, qtbot
):
    viewer = make_napari_viewer()
    show_dock(viewer, "Review")
    place = find_review(viewer)
    assert not isinstance(place, ReviewDock)
    assert not place.findChild(QLabel).text()  # there is nothing to load
    qtbot.waitUntil(lambda: isinstance(find_review(viewer), ReviewDock))


def test_a_dock_that_cannot_be_made_says_so(make_napari_viewer, slow):
    viewer = make_napari_viewer()
    show_dock(viewer, "Review")
    place = find_review(viewer)
    with pytest.raises(AttributeError):
        place.finish()
    assert "could not be opened" in place.findChild(QLabel).text()


def test_who_needs_the_dock_at_once_waits_for_it(make_napari_viewer, qtbot, slow):
    viewer = make_napari_viewer()
    _, place = viewer.window.add_plugin_dock_widget("napari-jcc", "Review")
    qtbot.waitUntil(place._thread.is_alive)
    threading.Timer(0.2, slow.set).start()
    dock = open_dock(viewer, "Review")
    assert isinstance(dock, ReviewDock)
    assert list(viewer.window.dock_widgets.values()) == [dock]
    with qtbot.waitSignal(place.destroyed):
        pass


def test_a_place_that_was_closed_gets_no_dock(make_napari_viewer, qtbot, slow):
    viewer = make_napari_viewer()
    show_dock(viewer, "Review")
    place = find_review(viewer)
    qtbot.wait(100)
    viewer.window.remove_dock_widget(place)
    slow.set()
    with qtbot.waitSignal(place.destroyed):
        pass
    assert not viewer.window.dock_widgets

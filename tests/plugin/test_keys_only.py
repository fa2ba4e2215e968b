"""A sitting without a mouse: run, review and save by keys."""

from __future__ import annotations

import pytest
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_jcc.plugin.docks import find_dock, open_dock, show_dock
from napari_jcc.plugin.stack import stack_layer

pytestmark = pytest.mark.gui

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def press(qtbot):
    """Press a key where the keyboard is."""

    def press(key, modifier=Qt.KeyboardModifier.NoModifier):
        at = QApplication.focusWidget() or QApplication.activeWindow()
        qtbot.keyClick(at, key, modifier)
        qtbot.wait(150)  # a button goes down and comes up

    return press


@pytest.fixture
def window(make_napari_viewer, tiny_collection, qtbot):
    """Show images in a window that has the keyboard."""
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(Image.create(*stack_layer(tiny_collection.open(), "set")))
    viewer.dims.set_current_step(0, 0)
    main = viewer.window._qt_window
    main.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is main)
    return viewer


def test_a_set_is_run_reviewed_and_saved_by_keys(
    window, press, qtbot, quick_config, tmp_path, monkeypatch
):
    dock = open_dock(window, "Co-segment")
    dock.form.set_config(quick_config)
    qtbot.waitUntil(dock.panel.run_button.hasFocus)
    press(Qt.Key.Key_R, ALT)
    qtbot.waitUntil(
        lambda: not (dock.running or dock.showing) and dock.shown is not None,
        timeout=60_000,
    )
    assert dock.panel.run_button.hasFocus()

    dock.docks.buttons["Review"].setFocus()
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: hasattr(find_dock(window, "Review"), "images"), timeout=30_000)
    review = find_dock(window, "Review")
    qtbot.waitUntil(review.images.table.hasFocus)
    assert review.images.current == 0
    press(Qt.Key.Key_F)
    press(Qt.Key.Key_A)
    press(Qt.Key.Key_A)
    press(Qt.Key.Key_F)
    wanted = ["flagged", "accepted", "accepted", "flagged"]
    assert list(review.model.statuses) == wanted
    press(Qt.Key.Key_N)
    assert review.images.current == 3
    press(Qt.Key.Key_P)
    assert review.images.current == 0
    press(Qt.Key.Key_A, ALT)
    assert review.model.statuses[0] == "accepted"
    press(Qt.Key.Key_G, ALT)
    assert review.model.statuses[1] == "flagged"

    path = tmp_path / "keys.jcc"
    monkeypatch.setattr(dock.project, "ask_save_as", lambda: dock.project.save(path))
    review.images.table.setFocus()
    press(Qt.Key.Key_S, CONTROL)
    qtbot.waitUntil(lambda: not dock.running and path.exists(), timeout=30_000)
    assert review.images.table.hasFocus()
    show_dock(window, "Co-segment")
    qtbot.waitUntil(dock.panel.run_button.hasFocus)
    with qtbot.waitSignal(dock.panel.run_wanted):
        press(Qt.Key.Key_R, ALT)
    qtbot.waitUntil(lambda: not (dock.running or dock.showing), timeout=60_000)


def test_the_keyboard_stays_where_it_is_while_napari_starts(
    make_napari_viewer, tiny_collection, qtbot
):
    viewer = make_napari_viewer()  # no window is active yet
    dock = open_dock(viewer, "Co-segment")
    qtbot.wait(100)
    assert dock.window().focusWidget() not in dock.findChildren(QWidget)

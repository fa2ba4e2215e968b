"""Where docks come to lie in the window, however they were opened."""

from __future__ import annotations

import numpy as np
import pytest
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow, QTabBar

from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.opening import OpeningDock
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.summary import Summary
from napari_jcc.plugin.widgets.tall import TallContent
from napari_menu import press_in_menu

pytestmark = pytest.mark.gui

HEIGHT = 700
TITLES = ("Co-segment", "Sweep", "Review", "Match", "Landmarks", "Train")


def test_a_dock_that_is_a_tab_already_is_not_moved_again(viewer, qtbot, monkeypatch):
    """Every move has napari write its settings."""
    moved = []
    move = QMainWindow.tabifyDockWidget
    monkeypatch.setattr(
        QMainWindow, "tabifyDockWidget", lambda *a: (moved.append(1), move(*a))
    )
    open_dock(viewer, "Co-segment")
    qtbot.wait(50)
    moved.clear()
    open_dock(viewer, "Review")
    qtbot.wait(50)
    assert len(moved) == 1


def test_docks_from_the_menus_are_tabs_and_leave_the_window_its_height(
    make_napari_viewer, qtbot
):
    viewer = make_napari_viewer(show=True)
    window = viewer.window._qt_window
    window.resize(1000, HEIGHT)
    qtbot.wait(100)
    before = window.height()
    for title in TITLES:
        press_in_menu(title)
        qtbot.waitUntil(lambda: not window.findChildren(OpeningDock), timeout=60_000)
        qtbot.wait(200)
        docks = list(get_session(viewer).docks.values())
        assert docks[-1].isVisible(), title  # its tab is on top
        assert window.height() <= before + 20, title
    frame = docks[0].parentWidget()
    assert isinstance(frame, QDockWidget)
    assert len(window.tabifiedDockWidgets(frame)) == len(TITLES) - 1
    tabs = {frame, *window.tabifiedDockWidgets(frame)}
    assert not any("(" in tab.windowTitle() for tab in tabs)
    (bar,) = [bar for bar in window.findChildren(QTabBar) if bar.count() == len(tabs)]
    assert bar.elideMode() == Qt.TextElideMode.ElideNone  # else "R…", "S…", "M…"
    assert bar.usesScrollButtons()
    assert window.width() <= 1000


@pytest.fixture
def large_letters():
    appearance = get_settings().appearance
    usual = appearance.font_size
    appearance.font_size = 2 * usual
    yield appearance.font_size
    appearance.font_size = usual


def test_large_letters_are_large_everywhere_and_cut_nowhere(
    make_napari_viewer, large_letters, qtbot
):
    viewer = make_napari_viewer(show=True)
    dock = open_dock(viewer, "Co-segment")
    dock.corrections.setVisible(True)
    dock.results.show_result(Summary("6 images, object on 17 % (median)\n13 s"), "")
    viewer.window._qt_window.resize(1000, 600)
    qtbot.wait(200)
    assert dock.project.button.font().pointSize() == large_letters
    (area,) = [a for a in dock.findChildren(TallContent) if a.parent() is dock]
    assert area.viewport().width() >= area.widget().minimumSizeHint().width()
    texts = [text for text in dock.findChildren(QLabel) if text.isVisible()]
    wrapped = [text for text in texts if text.wordWrap()]
    assert len(wrapped) > 2
    for text in wrapped:
        wraps = int(Qt.TextFlag.TextWordWrap)
        needed = text.fontMetrics().boundingRect(text.contentsRect(), wraps, text.text())
        assert text.contentsRect().height() >= needed.height(), text.text()
    get_settings().appearance.font_size = large_letters - 1
    assert dock.project.button.font().pointSize() == large_letters - 1


def test_a_low_window_has_all_buttons_in_sight(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    labels = ("t", "z", "c", "y", "x")
    viewer.add_image(np.zeros((2, 3, 2, 20, 30)), axis_labels=labels, name="stack")
    dock = open_dock(viewer, "Co-segment")
    dock.corrections.setVisible(True)
    text = "12 images, object on 5 % (median)\nA hint, of many words. " + "And more. " * 9
    dock.results.show_result(Summary(text, measured="Measured: much " * 9), "")
    assert len(dock.chooser.axes.combos) == 3
    viewer.window.resize(1280, 720)
    (area,) = [a for a in dock.findChildren(TallContent) if a.parent() is dock]
    bar = area.verticalScrollBar()
    for is_open in (True, False):
        dock.settings.set_open(is_open)
        qtbot.wait(100)
        assert bar.maximum() == 0
        buttons = dock.panel, dock.results, dock.corrections, dock.docks
        assert not any(part.visibleRegion().isEmpty() for part in buttons)

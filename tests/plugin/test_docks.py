"""Where docks come to lie in the window, however they were opened."""

from __future__ import annotations

import pytest
from napari._app_model import get_app_model
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QTabBar

from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.opening import OpeningDock
from napari_jcc.plugin.session import get_session

pytestmark = pytest.mark.gui

HEIGHT = 700
COMMANDS = ("cosegment", "sweep", "review", "match", "landmarks", "train")


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
    for command in COMMANDS:
        get_app_model().commands.execute_command(f"napari-jcc.{command}").result()
        qtbot.waitUntil(lambda: not window.findChildren(OpeningDock), timeout=60_000)
        qtbot.wait(200)
        docks = list(get_session(viewer).docks.values())
        assert docks[-1].isVisible(), command  # its tab is on top
        assert window.height() <= before + 20, command
    frame = docks[0].parentWidget()
    assert isinstance(frame, QDockWidget)
    assert len(window.tabifiedDockWidgets(frame)) == len(COMMANDS) - 1
    tabs = {frame, *window.tabifiedDockWidgets(frame)}
    assert not any("(" in tab.windowTitle() for tab in tabs)
    (bar,) = [bar for bar in window.findChildren(QTabBar) if bar.count() == len(tabs)]
    assert bar.elideMode() == Qt.TextElideMode.ElideNone  # else "R…", "S…", "M…"
    assert bar.usesScrollButtons()
    assert window.width() <= 1000

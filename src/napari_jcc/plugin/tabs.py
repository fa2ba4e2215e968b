"""Docks of the plugin as tabs of each other."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QTabBar, QWidget


def frame_of(widget: QWidget) -> QDockWidget | None:
    """Dock of the window that a widget is in."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent


def join_tabs(widget: QWidget, viewer: Any) -> None:
    """Make the dock of a widget a tab of another of this plugin beside it in its window.

    napari's menus put every dock below the others, until the window is higher than the
    screen.
    """
    own = frame_of(widget)
    window = None if own is None else own.parentWidget()
    if own is None or not isinstance(window, QMainWindow):
        return
    # napari adds the plugin's name behind, which leaves "Swe…" of a tab.
    own.setWindowTitle(own.windowTitle().partition(" (")[0])
    area = window.dockWidgetArea(own)
    for frame in map(frame_of, filter(_is_ours, viewer.window.dock_widgets.values())):
        if frame is None or frame is own or frame.isFloating():
            continue
        if frame.parentWidget() is window and window.dockWidgetArea(frame) == area:
            if frame not in window.tabifiedDockWidgets(own):
                # napari writes its settings to disk whenever a dock is moved.
                window.tabifyDockWidget(frame, own)
            # Later: napari is still arranging its docks.
            QTimer.singleShot(0, partial(_raise, own, window))
            return


def _raise(own: QDockWidget, window: QMainWindow) -> None:
    """Show a dock, and the names of all beside it in full."""
    own.raise_()
    for bar in window.findChildren(QTabBar):
        if own.windowTitle() in map(bar.tabText, range(bar.count())):
            # Qt leaves two letters of each of seven names.
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)


def _is_ours(widget: object) -> bool:
    return isinstance(widget, QWidget) and type(widget).__module__.startswith("napari_jcc.")

"""Open another dock of the plugin beside those that are there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import napari
from napari.utils.notifications import (
    Notification,
    NotificationSeverity,
    notification_manager,
)
from npe2 import PluginManager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_jcc.plugin.session import find_session, get_session

PLUGIN = "napari-jcc"


def open_dock(viewer: Any, title: str) -> Any:
    """Open a dock, or bring it to the front, and return its widget.

    Parameters
    ----------
    viewer
        Whose window it is shown in.
    title
        As the manifest calls it: ``"Review"``.
    """
    kind = _find_kind(title)
    widget = get_session(viewer).docks.get(kind)
    if widget is None:
        widget = kind(viewer)  # every dock takes the viewer
        # The name under which napari's menus look for it, to open none twice.
        manifest = PluginManager.instance().get_manifest(PLUGIN)
        name = f"{title} ({manifest.display_name})"
        viewer.window.add_dock_widget(widget, name=name, tabify=True)
    frame = _frame_of(widget)
    if frame is not None:
        frame.show()
        frame.raise_()
    return widget


def join_tabs(widget: QWidget, others: Iterable[QWidget]) -> None:
    """Make the dock of a widget a tab of one of those that are beside it in its window.

    napari's menus put every dock below the others, until the window is higher than the
    screen.

    Parameters
    ----------
    widget
        Has just come into the window.
    others
        Widgets of this plugin.
    """
    own = _frame_of(widget)
    window = None if own is None else own.parentWidget()
    if own is None or not isinstance(window, QMainWindow):
        return
    area = window.dockWidgetArea(own)
    for frame in map(_frame_of, others):
        if frame is None or frame is own or frame.isFloating():
            continue
        if frame.parentWidget() is window and window.dockWidgetArea(frame) == area:
            window.tabifyDockWidget(frame, own)
            # Later: napari is still arranging its docks.
            QTimer.singleShot(0, own.raise_)
            return


def offer_dock(title: str, text: str) -> None:
    """Say what a dock is for, with a button that opens it; nothing where it is open.

    Parameters
    ----------
    title
        As the manifest calls it.
    text
        What the user sees without the dock, and what to do in it.
    """
    viewer = napari.current_viewer()
    if viewer is None or _is_open(viewer, title):
        return
    action = (f"Open {title}", lambda _: open_dock(viewer, title))
    notification_manager.dispatch(
        Notification(text, NotificationSeverity.INFO, actions=(action,))
    )


def _is_open(viewer: Any, title: str) -> bool:
    session = find_session(viewer)
    return session is not None and _find_kind(title) in session.docks


def _find_kind(title: str) -> type[QWidget]:
    (kind,) = (
        cast("type[QWidget]", found.get_callable())
        for found in PluginManager.instance().iter_widgets()
        if (found.plugin_name, found.display_name) == (PLUGIN, title)
    )
    return kind


def _frame_of(widget: QWidget) -> QDockWidget | None:
    """Dock of the window that a widget is in."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent

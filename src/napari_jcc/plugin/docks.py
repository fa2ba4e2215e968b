"""Open another dock of the plugin beside those that are there."""

from __future__ import annotations

from typing import Any, cast

from npe2 import PluginManager
from qtpy.QtWidgets import QDockWidget, QWidget

from napari_jcc.plugin.session import get_session

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
    manager = PluginManager.instance()
    (kind,) = (
        cast("type[QWidget]", found.get_callable())
        for found in manager.iter_widgets()
        if (found.plugin_name, found.display_name) == (PLUGIN, title)
    )
    widget = get_session(viewer).docks.get(kind)
    if widget is None:
        widget = kind(viewer)  # every dock takes the viewer
        # The name under which napari's menus look for it, to open none twice.
        name = f"{title} ({manager.get_manifest(PLUGIN).display_name})"
        viewer.window.add_dock_widget(widget, name=name, tabify=True)
    frame = _frame_of(widget)
    if frame is not None:
        frame.show()
        frame.raise_()
    return widget


def _frame_of(widget: QWidget) -> QDockWidget | None:
    """Dock of the window that a widget is in."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
